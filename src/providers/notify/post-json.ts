import { type Dispatcher, request } from 'undici'

/** `later`: trying again may help. `never`: it can't. `because` shows a status or an error's code, never an address or an answer. */
export type Delivery =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'later'; readonly because: string }
  | { readonly kind: 'never'; readonly because: string }

/** Statuses below 500 that may be others next time: request timeout, conflict, too early, too many requests. */
const mayPass = new Set([408, 409, 425, 429])

/** One try to post a document. 2xx is delivered; redirections are not followed. Never throws. */
export const postJson = async (
  url: string,
  options: {
    readonly body: string
    readonly headers: Readonly<Record<string, string>>
    readonly timeoutMs: number
    readonly signal: AbortSignal
    readonly dispatcher: Dispatcher
  },
): Promise<Delivery> => {
  const { body, headers, dispatcher } = options
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)])
  try {
    const answer = await request(url, {
      method: 'POST',
      body,
      headers: { ...headers, 'content-type': 'application/json' },
      signal,
      dispatcher,
    })
    await answer.body.dump({ limit: 65_536, signal })
    const { statusCode } = answer
    if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered' }
    const kind = statusCode >= 500 || mayPass.has(statusCode) ? 'later' : 'never'
    return { kind, because: `it answered ${statusCode}` }
  } catch (error) {
    if (signal.aborted) return { kind: 'later', because: `no answer within ${options.timeoutMs} ms` }
    // Only the code: messages may hold the address, which may be a secret.
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error'
    const isOurs = code === 'UND_ERR_INVALID_ARG'
    return { kind: isOurs ? 'never' : 'later', because: isOurs ? 'the URL or a header is not valid' : code }
  }
}
