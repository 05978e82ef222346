import { get } from 'node:http'
import { connect } from 'node:net'
import type { Millis } from '../../moves/goal.ts'

/** Asks a replica whether it is well: by HTTP where it has a path for that, else by a connection. null: it is. */
export const probe = (port: number, path: string | null, timeoutMs: Millis): Promise<string | null> =>
  path === null ? probeConnection(port, timeoutMs) : probeHttp(port, path, timeoutMs)

const probeHttp = (port: number, path: string, timeoutMs: Millis): Promise<string | null> =>
  new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path, agent: false, signal: AbortSignal.timeout(timeoutMs) }
    const request = get(options, (response) => {
      response.resume()
      const status = response.statusCode ?? 0
      resolve(status >= 200 && status < 400 ? null : `GET ${path} answers ${status}`)
    })
    request.on('error', (error) => resolve(`GET ${path}: ${inWords(error, timeoutMs)}`))
  })

const probeConnection = (port: number, timeoutMs: Millis): Promise<string | null> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, signal: AbortSignal.timeout(timeoutMs) })
    socket.once('connect', () => {
      socket.destroy()
      resolve(null)
    })
    socket.once('error', (error) => resolve(`port ${port}: ${inWords(error, timeoutMs)}`))
  })

const inWords = (error: Error, timeoutMs: Millis): string => {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`
  return 'code' in error && error.code === 'ECONNREFUSED' ? 'it does not listen yet' : error.message
}
