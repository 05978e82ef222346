import { Agent, request } from 'node:http'

const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 8_000 })
const timeoutMs = 7_000

/** One call to another service of the shop, or to the queue. Rejects when it fails or is not answered with 2xx. */
export const call = <T>(
  url: string,
  options: { readonly post?: unknown; readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
): Promise<T> =>
  new Promise((resolve, reject) => {
    const body = options.post === undefined ? null : JSON.stringify(options.post)
    const limit = AbortSignal.timeout(options.timeoutMs ?? timeoutMs)
    const sent = request(
      url,
      {
        agent,
        method: body === null ? 'GET' : 'POST',
        headers: body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        signal: options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]),
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => {
          text += part
        })
        response.once('error', reject)
        response.once('end', () => {
          const status = response.statusCode ?? 0
          if (status < 200 || status > 299) reject(new Error(`${url} answered ${status}`))
          // Each service of the shop knows what the other one answers.
          else resolve(JSON.parse(text) as T)
        })
      },
    )
    sent.once('error', reject)
    sent.end(body ?? undefined)
  })
