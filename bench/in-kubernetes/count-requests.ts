import { subscribe } from 'node:diagnostics_channel'

export type Sent = {
  readonly method: string
  readonly path: string
  readonly isWatch: boolean
  readonly at: number
  /** When the API server began to answer; what it was asked to write is written then. null: it has not. */
  answeredAt: number | null
}

/** Tells of every request that this process sends to API servers from now on, as the HTTP client itself tells of them. */
export const hearRequests = (tell: (sent: Sent) => void): void => {
  const bySelf = new WeakMap<object, Sent>()
  subscribe('undici:request:create', (message) => {
    // The message of this channel has the request that is about to be sent.
    const { request } = message as { readonly request: { readonly method: string; readonly path: string } }
    const { method, path } = request
    const own: Sent = { method, path, isWatch: /[?&]watch=/.test(path), at: performance.now(), answeredAt: null }
    bySelf.set(request, own)
    tell(own)
  })
  subscribe('undici:request:headers', (message) => {
    const own = bySelf.get((message as { readonly request: object }).request) // the same request
    if (own !== undefined) own.answeredAt ??= performance.now()
  })
}

/** All of them. */
export const countRequests = (): { readonly sent: Sent[] } => {
  const sent: Sent[] = []
  hearRequests((each) => sent.push(each))
  return { sent }
}

/** What was asked: the method with its kind. */
export const kindOf = ({ method, path, isWatch }: Sent): string => {
  const kind = /\/(?:namespaces\/[^/]+\/)?([a-z]+)(?:\/[^/?]+)?(\/status|\/scale)?(?:\?|$)/.exec(path)
  return `${isWatch ? 'WATCH' : method} ${kind?.[1] ?? path}${kind?.[2] ?? ''}`
}

/** What was asked how often, most first. */
export const inWords = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([what, times]) => `${what} ${times}`)
    .join(', ')

export const byKind = (sent: readonly Sent[]): string => {
  const counts = new Map<string, number>()
  for (const each of sent) counts.set(kindOf(each), (counts.get(kindOf(each)) ?? 0) + 1)
  return inWords(counts)
}
