import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { hasBody, requestHeaders, responseHeaders, trailerPairs } from './passed-headers.ts'
import type { Replica } from './replicas.ts'
import { beginPassage, type Passage, type Route } from './route.ts'

/**
 * Passes one request to one side and its answer back, as streams.
 *
 * It is never sent to the other environment. It is sent to another replica of the same side only where nothing can have
 * happened: when the connection was refused or broke before it stood (any method: no byte was sent), and once when a
 * kept connection turned out to be closed already (only methods that may be repeated, without a body, and no byte of
 * an answer).
 *
 * A replica that answers an upload early and closes at once may be told to the user as 502: Node drops an answer that
 * it has not read when a write fails. One that answers early and reads on is passed on as it is.
 */
export const forward = (route: Route, req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void => {
  const passage = beginPassage(route, req)
  const exchange: Exchange = {
    route,
    passage,
    req,
    res,
    headers: requestHeaders(req, false),
    body: hasBody(req),
    expectsContinue,
    tried: [],
    upstream: null,
    connected: false,
    bodyBegan: false,
    repeated: false,
    timer: setTimeout(() => timedOut(exchange), route.timeoutMs),
  }
  req.on('error', () => undefined)
  res.on('error', () => undefined)
  res.on('finish', () => end(exchange, String(res.statusCode)))
  res.on('close', () => {
    // Either all is said, or the user left: then nobody waits for the answer any more.
    if (!passage.ended()) end(exchange, 'abort')
    if (!res.writableFinished) exchange.upstream?.destroy()
  })
  sendToNext(exchange)
}

type Exchange = {
  readonly route: Route
  readonly passage: Passage
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly headers: string[]
  readonly body: boolean
  readonly expectsContinue: boolean
  readonly timer: NodeJS.Timeout
  /** Replicas that could not be connected to. */
  readonly tried: Replica[]
  upstream: ClientRequest | null
  connected: boolean
  bodyBegan: boolean
  /** It was sent again, after a kept connection turned out to be closed. */
  repeated: boolean
}

const mostTries = 3
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

const end = ({ passage, timer }: Exchange, code: string): void => {
  clearTimeout(timer)
  passage.end(code)
}

// ── Sending ───────────────────────────────────────────────────────────────────

const sendToNext = (exchange: Exchange): void => {
  const { passage, tried, route } = exchange
  const where = `${route.service} in ${passage.environment}`
  if (tried.length >= mostTries) return giveUp(exchange, 502, '502', `No replica of ${where} could be reached.`)
  const replica = passage.replicas.pick(tried)
  if (replica !== null) return send(exchange, replica)
  if (tried.length > 0) return giveUp(exchange, 502, '502', `No replica of ${where} could be reached.`)
  giveUp(exchange, 503, '503', `There is no replica of ${where}.`)
}

const send = (exchange: Exchange, replica: Replica): void => {
  const upstream = requestTo(exchange, replica)
  if (upstream === null) return
  exchange.passage.sendTo(replica.name)
  exchange.upstream = upstream
  exchange.connected = false
  replica.inFlight++
  upstream.once('close', () => replica.inFlight--)
  upstream.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', () => connected(exchange, upstream))
    else connected(exchange, upstream)
  })
  upstream.on('error', (error) => {
    if (exchange.upstream === upstream && !exchange.passage.ended()) failed(exchange, replica, upstream, error)
  })
  upstream.on('response', (response) => respond(exchange, upstream, response))
  if (exchange.expectsContinue) upstream.on('continue', () => continued(exchange, upstream))
  if (!exchange.body) upstream.end()
}

/** null: Node would not send it (a path with a character that no path may have); it was answered. */
const requestTo = (exchange: Exchange, replica: Replica): ClientRequest | null => {
  const { req, headers, repeated } = exchange
  try {
    return request({
      host: '127.0.0.1',
      port: replica.port,
      method: req.method,
      path: req.url,
      headers,
      setHost: false,
      // What met a closed connection once must not meet another.
      agent: repeated ? false : replica.agent,
    })
  } catch (error) {
    giveUp(exchange, 400, '400', `The request can't be passed on: ${String(error)}`)
    return null
  }
}

/** Only now is the body begun, so that until here the request can still go to another replica. */
const connected = (exchange: Exchange, upstream: ClientRequest): void => {
  if (exchange.upstream !== upstream || exchange.passage.ended()) return
  exchange.connected = true
  if (!exchange.body) return
  if (!exchange.expectsContinue) return beginBody(exchange, upstream)
  upstream.flushHeaders()
  // A replica that doesn't know of 100-continue just waits for the body; so does a user who sends it unasked.
  setTimeout(beginBody, 1_000, exchange, upstream).unref()
}

const continued = (exchange: Exchange, upstream: ClientRequest): void => {
  if (exchange.bodyBegan || exchange.res.headersSent) return
  exchange.res.writeContinue()
  beginBody(exchange, upstream)
}

const beginBody = (exchange: Exchange, upstream: ClientRequest): void => {
  const { req, res, timer, passage } = exchange
  if (exchange.bodyBegan || res.headersSent || passage.ended()) return
  exchange.bodyBegan = true
  if (req.readableLength === 0) upstream.flushHeaders()
  req.on('data', () => timer.refresh())
  req.once('end', () => {
    timer.refresh()
    if (req.rawTrailers.length > 0) upstream.addTrailers(trailerPairs(req))
    upstream.end()
  })
  req.pipe(upstream, { end: false })
}

// ── What comes back ───────────────────────────────────────────────────────────

const respond = (exchange: Exchange, upstream: ClientRequest, response: IncomingMessage): void => {
  const { req, res, passage } = exchange
  response.on('error', () => undefined)
  if (exchange.upstream !== upstream || passage.ended()) {
    response.destroy()
    return
  }
  clearTimeout(exchange.timer)
  if (!writeHead(exchange, response)) {
    upstream.destroy()
    return
  }
  if (response.headers['content-type']?.startsWith('text/event-stream')) passage.stopClock()
  let flowing = false
  response.once('data', () => {
    flowing = true
  })
  // A body usually comes along with its head, and both go out in one piece; a head alone must not wait for it.
  setImmediate(() => {
    if (!flowing && !res.writableEnded) res.flushHeaders()
  })
  response.once('end', () => {
    if (response.rawTrailers.length > 0 && res.chunkedEncoding) res.addTrailers(trailerPairs(response))
    if (exchange.body && !req.readableEnded) abandonBody(exchange, upstream)
  })
  response.once('close', () => {
    if (response.complete) return
    // Broken off in the middle: the user must not take it for the whole.
    end(exchange, '502')
    res.destroy()
  })
  response.pipe(res)
}

const writeHead = (exchange: Exchange, response: IncomingMessage): boolean => {
  const { req, res, passage, route } = exchange
  const { choice } = passage
  const headers = responseHeaders(response, req)
  if (choice.setCookie !== null) headers.push('Set-Cookie', choice.setCookie)
  // Testers see where they were; users have no use for it.
  if (choice.forced) headers.push(route.rules.test.header, choice.side)
  // A user who was told the end without "go on" may leave the body out: the connection can't be used again.
  if (exchange.expectsContinue && !exchange.bodyBegan) headers.push('Connection', 'close')
  try {
    res.writeHead(response.statusCode ?? 502, response.statusMessage ?? '', headers)
    return true
  } catch (error) {
    giveUp(exchange, 502, '502', `The answer of ${route.service} can't be passed on: ${String(error)}`)
    return false
  }
}

/** Answered before it was heard out: what the user still sends is read and dropped. */
const abandonBody = ({ req }: Exchange, upstream: ClientRequest): void => {
  req.unpipe(upstream)
  req.resume()
  upstream.destroy()
}

const failed = (exchange: Exchange, replica: Replica, upstream: ClientRequest, error: Error): void => {
  const { passage, req, tried, route } = exchange
  if (!exchange.connected) {
    passage.replicas.refusedConnection(replica)
    tried.push(replica)
    sendToNext(exchange)
    return
  }
  // The answer had begun: its own end tells the rest.
  if (exchange.res.headersSent) return
  const mayRepeat = upstream.reusedSocket && !exchange.body && repeatable.has(req.method ?? '')
  if (mayRepeat && !exchange.repeated) {
    exchange.repeated = true
    send(exchange, passage.replicas.pick([replica]) ?? replica)
    return
  }
  giveUp(exchange, 502, '502', `${replica.name} of ${route.service} broke off before it answered: ${error.message}`)
}

const timedOut = (exchange: Exchange): void => {
  const { req, upstream, route, res } = exchange
  if (res.headersSent) return
  const userStalls = exchange.bodyBegan && !req.complete && upstream?.writableNeedDrain === false
  if (userStalls) giveUp(exchange, 408, 'abort', 'The rest of the request did not come.')
  else giveUp(exchange, 504, 'hang', `${route.service} did not answer within ${route.timeoutMs} ms.`)
  upstream?.destroy()
}

const giveUp = (exchange: Exchange, status: number, code: string, why: string): void => {
  const { req, res } = exchange
  end(exchange, code)
  if (res.headersSent) {
    res.destroy()
    return
  }
  const text = `${why}\n`
  res.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...(req.complete ? {} : { connection: 'close' }),
  })
  res.end(text)
}
