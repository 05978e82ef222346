import { mkdirSync, rmSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import type { Endpoint } from '../replicas.ts'

/** A supervisor as far as the router sees it: a list of replicas over a UNIX socket. */
export type StubSupervisor = {
  /** Replaces the replicas of a service and tells who watches. */
  set(service: string, endpoints: readonly Endpoint[]): void
  update(service: string, replica: string, change: Partial<Endpoint>): void
  /** Goes away, as by kill -9; the list is kept for `start`. */
  kill(): Promise<void>
  start(): Promise<void>
}

export const createStubSupervisor = async (name: string, socket: string): Promise<StubSupervisor> => {
  let services: Record<string, readonly Endpoint[]> = {}
  const watchers = new Set<ServerResponse>()
  let server: Server | null = null
  const tell = (changed: string | null): void => {
    for (const watcher of watchers) watcher.write(`${JSON.stringify({ changed })}\n`)
  }
  const stub: StubSupervisor = {
    set: (service, endpoints) => {
      services = { ...services, [service]: endpoints }
      tell(service)
    },
    update: (service, replica, change) =>
      stub.set(
        service,
        (services[service] ?? []).map((endpoint) =>
          endpoint.replica === replica ? { ...endpoint, ...change } : endpoint,
        ),
      ),
    kill: async () => {
      const ending = server
      server = null
      await new Promise<void>((resolve) => {
        if (ending === null) return resolve()
        ending.close(() => resolve())
        ending.closeAllConnections()
      })
    },
    start: async () => {
      mkdirSync(dirname(socket), { recursive: true })
      rmSync(socket, { force: true })
      server = createServer((req, res) => {
        if (req.url !== '/v1/watch') {
          res.end(JSON.stringify({ name, services }))
          return
        }
        res.writeHead(200)
        watchers.add(res)
        res.once('close', () => watchers.delete(res))
        res.write(`${JSON.stringify({ changed: null })}\n`)
      })
      await new Promise<void>((resolve) => server?.listen(socket, resolve))
    },
  }
  await stub.start()
  return stub
}
