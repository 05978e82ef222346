/**
 * Stands between a client and an API server, and does what networks and servers do: refuses, is slow, dies after the
 * request has got through, cuts watches. It ends TLS itself, with a certificate of its own.
 */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent } from 'undici'
import { createAuthority } from '../../src/providers/kubernetes/client/testing/certificates.ts'
import type { ClusterGiven } from './control-plane.ts'

export type Fault =
  /** The connection is closed before the request goes on: nothing was done. */
  | { readonly kind: 'refuse' }
  | { readonly kind: 'slow'; readonly ms: number }
  /** The API server does it, and the answer is lost. */
  | { readonly kind: 'lose the answer' }
  | { readonly kind: 'answer'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }

export type Passing = { readonly method: string; readonly path: string; readonly isWatch: boolean }

export type FaultProxy = {
  readonly server: string
  /** PEM of the authority that signed its certificate. */
  readonly authority: string
  readonly passed: readonly Passing[]
  /** What happens to each request from now on; null: it passes. */
  faultFor(choose: (request: Passing) => Fault | null): void
  /** Ends every watch that is open now, in the middle. */
  cutWatches(): number
  /** Takes no connections until `reopen`, and drops those there are. */
  shut(): Promise<void>
  reopen(): Promise<void>
  close(): Promise<void>
}

export const startFaultProxy = async ({ server: target, authority: trusted }: ClusterGiven): Promise<FaultProxy> => {
  const authority = createAuthority('fault proxy authority')
  const tls = authority.issue({ commonName: 'fault proxy', hosts: ['127.0.0.1'] })
  const onward = new Agent({ connect: { ca: trusted }, bodyTimeout: 0, headersTimeout: 0 })
  const passed: Passing[] = []
  const watches = new Set<ServerResponse>()
  const sockets = new Set<Socket>()
  let choose: (request: Passing) => Fault | null = () => null

  const pass = async (request: IncomingMessage, response: ServerResponse, losesAnswer: boolean): Promise<void> => {
    const { host: _, connection: _connection, ...headers } = request.headers
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const answer = await onward.request({
      origin: target,
      path: request.url ?? '/',
      method: request.method ?? 'GET',
      headers,
      body: chunks.length === 0 ? null : Buffer.concat(chunks),
      signal: gone.signal,
    })
    if (losesAnswer) {
      await answer.body.dump()
      response.destroy()
      return
    }
    response.writeHead(answer.statusCode, answer.headers)
    response.flushHeaders()
    for await (const chunk of answer.body) response.write(chunk)
    response.end()
  }
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', target)
    const passing = { method: request.method ?? '', path: pathname, isWatch: searchParams.has('watch') }
    passed.push(passing)
    if (passing.isWatch) {
      watches.add(response)
      response.once('close', () => watches.delete(response))
    }
    const fault = choose(passing)
    if (fault?.kind === 'refuse') return void response.destroy()
    if (fault?.kind === 'answer') return void response.writeHead(fault.status, { ...fault.headers }).end('{}')
    if (fault?.kind === 'slow') await pause(fault.ms)
    await pass(request, response, fault?.kind === 'lose the answer')
  }
  const server = createServer({ cert: tls.certificate, key: tls.key }, (request, response) => {
    void handle(request, response).catch(() => response.destroy())
  })
  server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
  })
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : port
  }
  const port = await listen(0)
  const shut = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    server: `https://127.0.0.1:${port}`,
    authority: authority.certificate,
    passed,
    faultFor: (by) => {
      choose = by
    },
    cutWatches: () => {
      const open = [...watches]
      for (const response of open) response.destroy()
      return open.length
    },
    shut,
    reopen: async () => void (await listen(port)),
    close: async () => {
      await shut()
      await onward.destroy()
    },
  }
}
