import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createQueue } from './queue.ts'
import { bodyOf } from './shop/serve.ts'

/** Longer than any mail takes, so that only what is stuck or dead is handed out again. */
const leaseMs = 5_000
const waitMs = 5_000
const lookEveryMs = 250

type Waiter = { readonly consumer: string; readonly response: ServerResponse; readonly until: number }

const queue = createQueue(leaseMs)
let waiters: Waiter[] = []
/** When each consumer got its last item: the one that has waited longest for one is next, so that all get equally much. */
const servedAt = new Map<string, number>()
let served = 0

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const handOut = (): void => {
  const now = Date.now()
  for (const late of waiters.filter(({ until }) => until <= now)) leave(late, null)
  for (;;) {
    const next = waiters.toSorted((a, b) => (servedAt.get(a.consumer) ?? 0) - (servedAt.get(b.consumer) ?? 0))[0]
    if (next === undefined) return
    const lease = queue.take(now)
    if (lease === null) return
    served += 1
    servedAt.set(next.consumer, served)
    leave(next, lease)
  }
}

const leave = (waiter: Waiter, answer: unknown): void => {
  waiters = waiters.filter((other) => other !== waiter)
  send(waiter.response, 200, answer)
}

const take = (consumer: string, response: ServerResponse): void => {
  // A new consumer begins as if it had just been served, or it would get everything at first.
  if (!servedAt.has(consumer)) servedAt.set(consumer, served)
  const waiter: Waiter = { consumer, response, until: Date.now() + waitMs }
  waiters.push(waiter)
  response.once('close', () => {
    waiters = waiters.filter((other) => other !== waiter)
  })
  handOut()
}

const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  if (request.method === 'GET') return send(response, 200, queue.totals())
  // Only the shop and the demo speak to it, in this shape.
  const body = (await bodyOf(request)) as { readonly consumer: string; readonly id: string; readonly lease: string }
  if (request.url === '/mails') {
    send(response, 201, { id: queue.add() })
    handOut()
  } else if (request.url === '/take') take(body.consumer, response)
  else send(response, queue.done(body) ? 200 : 404, {})
}

const server = createServer((request, response) => {
  serve(request, response).catch(() => response.destroy())
})
server.keepAliveTimeout = 15_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ kind: 'listening', port: typeof address === 'object' ? address?.port : null })
})
setInterval(handOut, lookEveryMs)
// The demo has ended, in whatever way.
process.once('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole group; the demo decides when this is over.
process.on('SIGINT', () => undefined)
