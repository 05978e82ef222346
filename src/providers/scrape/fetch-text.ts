import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { request as requestByHttps } from 'node:https'
import { request as requestByHttp } from '../request.ts'
import type { Format } from './sample-line.ts'

export type TextFetched =
  | { readonly kind: 'ok'; readonly text: string; readonly format: Format }
  | { readonly kind: 'failed'; readonly because: string }

const accept = 'text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0;q=0.5'

/** Each on a connection of its own: one that is kept may be closed by the other end just when it is used again. */
const ask = (url: URL, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestByHttps : requestByHttp
    request(url, { agent: false, signal, headers: { accept } }).on('response', resolve).on('error', reject).end()
  })

/** What an address answers, if it does so within the signal and the size. Never throws. Redirections are not followed. */
export const fetchText = async (
  address: string,
  options: { readonly signal: AbortSignal; readonly maxBytes: number },
): Promise<TextFetched> => {
  const failed = (because: string): TextFetched => ({ kind: 'failed', because })
  const { signal, maxBytes } = options
  try {
    const answer = await ask(new URL(address), signal)
    if (answer.statusCode !== 200) {
      answer.destroy()
      return failed(`it answered ${answer.statusCode}, not 200`)
    }
    const chunks: Buffer[] = []
    let size = 0
    // A body without an encoding gives buffers. Leaving the loop ends the connection.
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > maxBytes) return failed(`it sent more than ${maxBytes} bytes`)
      chunks.push(chunk)
    }
    const bytes = Buffer.concat(chunks, size)
    if (!isUtf8(bytes)) return failed('what it sent is not UTF-8')
    const type = String(answer.headers['content-type'] ?? '')
    const format = type.startsWith('application/openmetrics-text') ? 'openmetrics' : 'text'
    return { kind: 'ok', text: bytes.toString('utf8'), format }
  } catch (error) {
    return failed(signal.aborted ? 'it did not answer in time' : reasonOf(error))
  }
}

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : null
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there'
    case 'ENOTFOUND':
      return 'its host name is not known'
    case 'EPIPE':
    case 'HPE_INVALID_EOF_STATE':
    case 'ECONNRESET':
      return 'the connection was closed in the middle'
    default:
      return code ?? (error instanceof Error ? error.message : String(error))
  }
}
