import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { type Agent, createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Claims, Traffic } from '../../../engine/ports.ts'
import type { Side } from '../../../moves/goal.ts'
import { runRouter } from '../daemon.ts'
import type { Endpoint } from '../replicas.ts'
import { connectRouter, type RouterClient } from '../router-client.ts'
import { routerStatus } from '../router-control.ts'
import { createStubSupervisor, type StubSupervisor } from './stub-supervisor.ts'

/** A folder with two environment files and a router file, two stub supervisors, and real backends. */
export type RouterWorld = {
  readonly directory: string
  readonly file: string
  readonly supervisors: Readonly<Record<Side, StubSupervisor>>
  /** Starts a backend of the service `shop` and lists it as ready; `answer` default: the name of its side. */
  backend(side: Side, answer?: RequestListener, change?: Partial<Endpoint>): Promise<Backend>
  /** Runs the router in this process. */
  run(): Promise<RunningRouter>
  close(): Promise<void>
}

export type Backend = {
  readonly name: string
  readonly port: number
  readonly server: Server
  readonly endpoint: Endpoint
  /** Whether /healthz answers 200; true at first. */
  well: boolean
  close(): Promise<void>
}

export type RunningRouter = RouterClient & {
  readonly traffic: Traffic
  readonly claims: Claims
  /** `http://127.0.0.1:PORT` of the service. */
  readonly url: string
  stop(): Promise<void>
}

/** `service`: what the router file says of `shop`; `every`: how often its replicas are probed. */
export const createRouterWorld = async (service = '{ timeout: 5s }', every = '40ms'): Promise<RouterWorld> => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'router-')))
  const environment = (side: Side) => `
apiVersion: titrate.dev/v1alpha1
kind: Environment
name: ${side}
state: ${side}
services:
  shop:
    command: [node, shop.js]
    port: { publish: true, health: /healthz }
    health: { every: ${every}, timeout: 500ms, failures: 2 }
`
  writeFileSync(join(directory, 'blue.yaml'), environment('blue'))
  writeFileSync(join(directory, 'green.yaml'), environment('green'))
  const file = join(directory, 'router.yaml')
  writeFileSync(
    file,
    `
apiVersion: titrate.dev/v1alpha1
kind: Router
state: router
blue: blue.yaml
green: green.yaml
services:
  shop: ${service}
`,
  )
  const supervisors = {
    blue: await createStubSupervisor('blue', join(directory, 'blue', 'supervisor.sock')),
    green: await createStubSupervisor('green', join(directory, 'green', 'supervisor.sock')),
  }
  const backends: Backend[] = []
  const listed: Record<Side, Endpoint[]> = { blue: [], green: [] }
  const running: RunningRouter[] = []
  return {
    directory,
    file,
    supervisors,
    backend: async (side, answer, change) => {
      const backend = await startBackend(`shop-${backends.length}`, answer ?? ((_, res) => res.end(side)))
      backends.push(backend)
      listed[side].push({ ...backend.endpoint, ...change })
      supervisors[side].set('shop', listed[side])
      return backend
    },
    run: async () => {
      const router = await runHere(file)
      running.push(router)
      return router
    },
    close: async () => {
      await Promise.all(running.map(async (router) => await router.stop()))
      // A test that failed half-way may have left a process of its own.
      const left = await routerStatus(file)
      if (left.kind === 'ok') process.kill(left.value.pid, 'SIGKILL')
      await Promise.all(backends.map(async (backend) => await backend.close()))
      await supervisors.blue.kill()
      await supervisors.green.kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const runHere = async (file: string): Promise<RunningRouter> => {
  const stop = new AbortController()
  let failure: Error | null = null
  const run = runRouter(file, stop.signal, () => undefined).catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error))
  })
  const client = connectRouter(file)
  const url = await until(async () => {
    if (failure !== null) throw failure
    const status = await routerStatus(file)
    return status.kind === 'ok' ? `http://${status.value.services.shop}` : null
  })
  return {
    ...client,
    url,
    stop: async () => {
      client.close()
      stop.abort()
      await run
    },
  }
}

const startBackend = async (name: string, answer: RequestListener): Promise<Backend> => {
  const server = createServer((req, res) => {
    if (req.url !== '/healthz') return answer(req, res)
    res.statusCode = backend.well ? 200 : 500
    res.end()
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const backend: Backend = {
    name,
    port,
    server,
    endpoint: { replica: name, port, ready: true, draining: false },
    well: true,
    close: async () =>
      await new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return backend
}

export type Got = { readonly status: number; readonly text: string; readonly response: IncomingMessage }

/** One request, on a connection of its own unless an agent is given; resolves when the whole answer is there. */
export const get = async (
  url: string,
  options: {
    readonly path?: string
    readonly method?: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string | Buffer
    readonly agent?: Agent
  } = {},
): Promise<Got> =>
  await new Promise((resolve, reject) => {
    const { path = '/', method = 'GET', headers = {}, body, agent } = options
    const asked = request(`${url}${path}`, { method, headers, agent: agent ?? false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString(), response }),
      )
    })
    asked.on('error', reject)
    asked.end(body)
  })

/** Asks until there is something; fails after the limit. */
export const until = async <T>(ask: () => Promise<T | null> | T | null, limitMs = 5_000): Promise<T> => {
  const limit = performance.now() + limitMs
  while (performance.now() < limit) {
    const found = await ask()
    if (found !== null) return found
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`it did not come about within ${limitMs} ms`)
}
