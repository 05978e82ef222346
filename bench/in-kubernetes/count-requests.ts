import { subscribe } from 'node:diagnostics_channel'

export type Sent = { readonly method: string; readonly path: string; readonly isWatch: boolean; readonly at: number }

/** Every request that this process sends to API servers from now on, as the HTTP client itself tells of them. */
export const countRequests = (): { readonly sent: Sent[] } => {
  const sent: Sent[] = []
  subscribe('undici:request:create', (message) => {
    // The message of this channel has the request that is about to be sent.
    const { request } = message as { readonly request: { readonly method: string; readonly path: string } }
    const { method, path } = request
    sent.push({ method, path, isWatch: /[?&]watch=/.test(path), at: performance.now() })
  })
  return { sent }
}

/** What was asked how often: methods with their kinds, most first. */
export const byKind = (sent: readonly Sent[]): string => {
  const counts = new Map<string, number>()
  for (const { method, path, isWatch } of sent) {
    const kind = /\/(?:namespaces\/[^/]+\/)?([a-z]+)(?:\/[^/?]+)?(\/status|\/scale)?(?:\?|$)/.exec(path)
    const what = `${isWatch ? 'WATCH' : method} ${kind?.[1] ?? path}${kind?.[2] ?? ''}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([what, times]) => `${what} ${times}`)
    .join(', ')
}
