import { type ClientRequest, type IncomingMessage, request, ServerResponse, STATUS_CODES } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { requestHeaders, responseHeaders } from './passed-headers.ts'
import type { Replica } from './replicas.ts'
import { beginPassage, type Passage, type Route } from './route.ts'

/**
 * Passes on a request for another protocol (WebSocket), and then bytes both ways until either side ends. It stays with
 * its replica whatever the weights become: only its own end, or the replica's, ends it. Counted when the protocol
 * was switched, with the time that took.
 */
export const forwardUpgrade = (route: Route, req: IncomingMessage, socket: Duplex, head: Buffer): void => {
  const passage = beginPassage(route, req)
  const tunnel: Tunnel = { route, passage, req, socket, head, tried: [], upstream: null, connected: false }
  socket.on('error', () => undefined)
  socket.once('close', () => {
    passage.end('abort')
    tunnel.upstream?.destroy()
  })
  const timer = setTimeout(() => {
    if (passage.ended()) return
    tunnel.upstream?.destroy()
    refuse(tunnel, 504, 'hang')
  }, route.timeoutMs)
  timer.unref()
  open(tunnel)
}

type Tunnel = {
  readonly route: Route
  readonly passage: Passage
  readonly req: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly tried: Replica[]
  upstream: ClientRequest | null
  connected: boolean
}

const open = (tunnel: Tunnel): void => {
  const { passage, tried, req } = tunnel
  const replica = passage.replicas.pick(tried)
  if (replica === null) return tried.length > 0 ? refuse(tunnel, 502, '502') : refuse(tunnel, 503, '503')
  const { method, url: path } = req
  const headers = requestHeaders(req, true)
  const upstream = request({
    host: '127.0.0.1',
    port: replica.port,
    method,
    path,
    headers,
    setHost: false,
    agent: false,
  })
  passage.sendTo(replica.name)
  tunnel.upstream = upstream
  replica.inFlight++
  upstream.once('close', () => replica.inFlight--)
  upstream.once('socket', (socket) => {
    socket.once('connect', () => {
      tunnel.connected = true
    })
  })
  upstream.on('error', () => failed(tunnel, replica))
  upstream.on('upgrade', (response, other, rest) => join(tunnel, response, other, rest))
  upstream.on('response', (response) => decline(tunnel, response))
  upstream.end()
}

const failed = (tunnel: Tunnel, replica: Replica): void => {
  if (tunnel.passage.ended()) return
  if (tunnel.connected) return refuse(tunnel, 502, '502')
  tunnel.passage.replicas.refusedConnection(replica)
  tunnel.tried.push(replica)
  open(tunnel)
}

const join = ({ passage, socket, head }: Tunnel, response: IncomingMessage, other: Duplex, rest: Buffer): void => {
  other.on('error', () => undefined)
  if (socket.destroyed) {
    other.destroy()
    return
  }
  for (const end of [socket, other]) {
    if (!(end instanceof Socket)) continue
    end.setTimeout(0)
    end.setNoDelay(true)
  }
  socket.write(headText(response), 'latin1')
  passage.end('101')
  if (rest.length > 0) socket.write(rest)
  if (head.length > 0) other.write(head)
  passOn(socket, other)
  passOn(other, socket)
}

/** The end of one is the end of both: half of a WebSocket is of no use, and would otherwise stay for ever. */
const passOn = (from: Duplex, to: Duplex): void => {
  from.pipe(to, { end: false })
  from.once('end', () => to.end(() => to.destroy()))
  from.once('close', () => to.end(() => to.destroy()))
}

/** As it came: an upgrade's own Connection and Upgrade are meant for the user. */
const headText = ({ statusCode = 101, statusMessage, rawHeaders }: IncomingMessage): string => {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage ?? ''}`]
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** The replica answered as to any other request; so is the user. */
const decline = ({ passage, req, socket }: Tunnel, response: IncomingMessage): void => {
  const res = new ServerResponse(req)
  res.shouldKeepAlive = false
  // The server hands over its own connection, typed more widely than it is.
  res.assignSocket(socket as Socket)
  response.on('error', () => undefined)
  res.once('finish', () => {
    passage.end(String(response.statusCode))
    socket.end()
  })
  response.once('close', () => {
    if (response.complete) return
    passage.end('502')
    socket.destroy()
  })
  res.writeHead(response.statusCode ?? 502, response.statusMessage ?? '', responseHeaders(response, req))
  response.pipe(res)
}

const refuse = ({ passage, socket }: Tunnel, status: number, code: string): void => {
  if (passage.ended()) return
  passage.end(code)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
