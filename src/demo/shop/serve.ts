import { createServer, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { setting, watchTrouble } from './identity.ts'

export type Reply = { readonly status: number; readonly body: unknown }

/** Tells users, and the demo's load generator, which environment answered. */
const environmentHeader = 'x-shop-environment'

/**
 * Serves one service of the shop on its port: its own answers, `/healthz`, `/metrics`, and whatever trouble it is in.
 * `metrics`: lines of its own. Ends when it is told to and what was begun is finished.
 */
export const serveShop = (
  answer: (request: IncomingMessage) => Promise<Reply>,
  metrics: () => string = () => '',
): void => {
  const trouble = watchTrouble()
  const environment = setting('TITRATE_ENVIRONMENT')
  const codes = new Map<number, number>()

  const replyTo = async (request: IncomingMessage): Promise<Reply | null> => {
    if (request.url === '/healthz') {
      const ill = trouble('unhealthy') !== null
      return { status: ill ? 503 : 200, body: ill ? 'not well' : 'well' }
    }
    if (Math.random() < (trouble('hang') ?? 0)) return null
    await pause(trouble('latency') ?? 0)
    if (Math.random() < (trouble('errors') ?? 0)) return { status: 500, body: { error: 'it went wrong' } }
    return answer(request).catch((error: unknown) => ({ status: 502, body: { error: String(error) } }))
  }

  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      const counts = [...codes].map(([code, count]) => `http_requests_total{code="${code}"} ${count}\n`)
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
      response.end(`# TYPE http_requests_total counter\n${counts.join('')}${metrics()}`)
      return
    }
    void replyTo(request).then((reply) => {
      if (reply === null) return
      if (request.url !== '/healthz') codes.set(reply.status, (codes.get(reply.status) ?? 0) + 1)
      response.writeHead(reply.status, { 'content-type': 'application/json', [environmentHeader]: environment })
      response.end(`${JSON.stringify(reply.body)}\n`)
    })
  })
  // Longer than those in front keep a connection, so that nobody sends into one that is being closed.
  server.keepAliveTimeout = 15_000
  server.listen(Number(setting('PORT')), '127.0.0.1')
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}

/** Most of a real answer is waiting for something: a fixed part and a random tail, both in milliseconds. */
export const work = (leastMs: number, meanMs: number): Promise<void> =>
  pause(leastMs + Math.min(10 * meanMs, -Math.log(1 - Math.random()) * meanMs))

export const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer) // nobody set an encoding, so its parts are buffers
  return JSON.parse(Buffer.concat(parts).toString() || 'null')
}
