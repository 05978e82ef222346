import type { IncomingMessage } from 'node:http'

/**
 * What of a message's head is passed on (RFC 9110, 7.6.1). Headers stay as they were written: order, case, repeats.
 * How the body is framed is decided here and by Node, never by what a Connection header names: two servers that
 * disagree about where a request ends can be made to serve one user's answer to another.
 */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
])
const forwarded = new Set(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port'])
const neverNamed = new Set(['content-length', 'host', 'connection', 'transfer-encoding'])

/** The headers that a Connection header names, beside the usual words. */
const namedByConnection = (connection: string | undefined): ReadonlySet<string> | null => {
  if (connection === undefined || /^(keep-alive|close|upgrade)$/i.test(connection)) return null
  const names = connection.split(',').map((name) => name.trim().toLowerCase())
  return new Set(names.filter((name) => !neverNamed.has(name)))
}

/** Whether a body follows; without one a request can be sent again. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

const methodsWithBody = new Set(['POST', 'PUT', 'PATCH'])

/** The head for the replica, as a flat list of names and values. `upgrade`: the protocol that is asked for is asked on. */
export const requestHeaders = (request: IncomingMessage, upgrade: boolean): string[] => {
  const { headers, rawHeaders, method } = request
  const named = namedByConnection(headers.connection)
  const passed: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const lower = name.toLowerCase()
    if (hopByHop.has(lower) || forwarded.has(lower) || named?.has(lower)) continue
    passed.push(name, rawHeaders[i + 1] ?? '')
  }
  // HTTP/1.0 knows no Host, and a server of HTTP/1.1 wants one.
  if (headers.host === undefined) passed.push('Host', 'localhost')
  if (headers['transfer-encoding'] !== undefined) passed.push('Transfer-Encoding', 'chunked')
  else if (headers['content-length'] === undefined && methodsWithBody.has(method ?? '')) {
    passed.push('Content-Length', '0')
  }
  if (upgrade) passed.push('Connection', 'Upgrade', 'Upgrade', headers.upgrade ?? '')
  pushForwarded(passed, request)
  return passed
}

/** Adds the user's address to those in X-Forwarded-For; the others stay as somebody in front of us set them. */
const pushForwarded = (passed: string[], { headers, socket }: IncomingMessage): void => {
  const before = headers['x-forwarded-for']
  const from = socket.remoteAddress ?? 'unknown'
  passed.push('X-Forwarded-For', before === undefined ? from : `${String(before)}, ${from}`)
  passed.push('X-Forwarded-Proto', String(headers['x-forwarded-proto'] ?? 'http'))
  const host = headers['x-forwarded-host'] ?? headers.host
  if (host !== undefined) passed.push('X-Forwarded-Host', String(host))
  passed.push('X-Forwarded-Port', String(headers['x-forwarded-port'] ?? socket.localPort ?? ''))
}

/** The head for the user. Trailers are announced only where they can be sent: in a chunked answer over HTTP/1.1. */
export const responseHeaders = (response: IncomingMessage, request: IncomingMessage): string[] => {
  const { headers, rawHeaders } = response
  const named = namedByConnection(headers.connection)
  const trailers =
    headers['transfer-encoding'] !== undefined && request.httpVersion === '1.1' && request.method !== 'HEAD'
  const passed: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const lower = name.toLowerCase()
    if (hopByHop.has(lower) || named?.has(lower) || (lower === 'trailer' && !trailers)) continue
    passed.push(name, rawHeaders[i + 1] ?? '')
  }
  return passed
}

/** Trailers as Node wants them. */
export const trailerPairs = ({ rawTrailers }: IncomingMessage): [string, string][] => {
  const pairs: [string, string][] = []
  for (let i = 0; i < rawTrailers.length; i += 2) pairs.push([rawTrailers[i] ?? '', rawTrailers[i + 1] ?? ''])
  return pairs
}
