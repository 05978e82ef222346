import { createInterface } from 'node:readline'
import { request } from '../request.ts'

/** One HTTP call over a UNIX socket, JSON both ways. Throws when there is no answer, or none that is JSON. */
export type JsonCall = {
  readonly socket: string
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  readonly signal: AbortSignal
}

export const callJson = async (call: JsonCall): Promise<{ readonly status: number; readonly body: unknown }> => {
  const text = call.body === undefined ? null : JSON.stringify(call.body)
  return await new Promise((resolve, reject) => {
    const asked = request({
      socketPath: call.socket,
      method: call.method,
      path: call.path,
      headers: text === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      signal: call.signal,
      agent: false,
    })
    asked.on('error', reject)
    asked.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        try {
          const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
          resolve({ status: response.statusCode ?? 0, body })
        } catch (error) {
          reject(error)
        }
      })
    })
    asked.end(text ?? undefined)
  })
}

/**
 * Reads a chunked answer line by line until it ends or breaks, or the signal is aborted; then it returns. Throws when
 * there was no answer at all.
 */
export const readLines = async (
  call: { readonly socket: string; readonly path: string; readonly signal: AbortSignal },
  line: (text: string) => void,
): Promise<void> =>
  await new Promise((resolve, reject) => {
    const asked = request({ socketPath: call.socket, path: call.path, signal: call.signal, agent: false })
    asked.on('error', reject)
    asked.on('response', (response) => {
      if (response.statusCode !== 200) {
        response.resume()
        reject(new Error(`${call.path} was answered with ${response.statusCode}`))
        return
      }
      // Broken off in the middle is an end like any other: whoever follows begins again.
      response.on('error', () => undefined)
      response.on('close', resolve)
      createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })
        .on('line', line)
        .on('error', () => undefined)
    })
    asked.end()
  })

/**
 * Follows `/v1/watch` of a supervisor or a router for ever: `hint` for each line with the service that may have changed
 * (null: anything), also at once after each connection; `lost` whenever the other end is gone. Comes back with growing
 * pauses, up to two seconds. Ends with the signal.
 */
export const followWatch = async (
  socket: string,
  on: { readonly hint: (service: string | null) => void; readonly lost: (because: string) => void },
  signal: AbortSignal,
): Promise<void> => {
  let pauseMs = firstPauseMs
  while (!signal.aborted) {
    let because = 'it closed the connection'
    try {
      await readLines({ socket, path: '/v1/watch', signal }, (text) => {
        pauseMs = firstPauseMs
        on.hint(serviceIn(text))
      })
    } catch (error) {
      because = String(error)
    }
    if (signal.aborted) return
    on.lost(because)
    await pause(pauseMs, signal)
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}

const firstPauseMs = 50
const longestPauseMs = 2_000

const serviceIn = (text: string): string | null => {
  try {
    const line: unknown = JSON.parse(text)
    const named = typeof line === 'object' && line !== null && 'changed' in line ? line.changed : null
    return typeof named === 'string' ? named : null
  } catch {
    return null
  }
}

const pause = async (ms: number, signal: AbortSignal): Promise<void> =>
  await new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
  })
