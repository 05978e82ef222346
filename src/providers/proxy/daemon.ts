import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { pino } from 'pino'
import type { z } from 'zod'
import { createAdminServer } from './admin-api.ts'
import { forward } from './forward.ts'
import { addressText, listenOn, listenOnSocket } from './listen.ts'
import type { Route } from './route.ts'
import { createRouterCore, type Log, type RouterCore } from './router-core.ts'
import { type RouterFile, requireRouterFile } from './router-file.ts'
import { takeRouterLock } from './router-lock.ts'
import { type RouterPaths, routerPathsOf } from './router-paths.ts'
import { addressesSchema, type RouterStatus, readKept } from './router-status.ts'
import { openStateFile, writeDurably } from './state-file.ts'
import { forwardUpgrade } from './upgrade.ts'

/** How long answers under way may take when the router is stopped. */
const drainMs = 5_000
/** How long the first users wait for a supervisor to tell its replicas. */
const settleMs = 1_000

/**
 * Runs a router until the signal is aborted or it is told to stop by its admin API; then answers under way are finished.
 * Throws RELEASE_FILE, ROUTER_RUNNING, ROUTER_UNAVAILABLE (an address is taken) or STORE_UNAVAILABLE. `log` default: lines of JSON on stderr.
 */
export const runRouter = async (file: string, signal: AbortSignal, log: Log = logToStderr(file)): Promise<void> => {
  const router = requireRouterFile(file)
  const paths = routerPathsOf(router)
  mkdirSync(paths.directory, { recursive: true, mode: 0o700 })
  const lock = takeRouterLock(paths.lock, router.name)
  try {
    await runLocked(router, paths, signal, log)
  } catch (error) {
    // Whoever started this as a process of its own has only the log to read.
    log({ fault: error instanceof Error ? error.message : String(error) }, 'ended by a fault')
    throw error
  } finally {
    lock.release()
  }
}

const logToStderr = (file: string): Log => {
  const logger = pino({ base: { router: file } }, pino.destination({ fd: 2, sync: true }))
  return (event, text) => logger.info(event, text)
}

const runLocked = async (router: RouterFile, paths: RouterPaths, signal: AbortSignal, log: Log): Promise<void> => {
  const state = openStateFile(paths.directory)
  const core = createRouterCore(router, paths, state, log)
  const stop = new AbortController()
  const ended = AbortSignal.any([signal, stop.signal])
  const open: Closable[] = []
  try {
    await core.settled(settleMs)
    const addresses = await listenAll(router, paths, core, open)
    const startedAt = Date.now()
    const status = (): RouterStatus => ({
      name: router.name,
      pid: process.pid,
      startedAt,
      ...addresses,
      environments: core.environments(),
    })
    const admin = createAdminServer({ ...core.admin, state, now: Date.now, status, shutDown: () => stop.abort() })
    open.push(await listenOnSocket(admin, paths.socket))
    log(addresses, 'listening')
    if (!ended.aborted) await new Promise((resolve) => ended.addEventListener('abort', resolve))
    log({}, 'stopping: answers under way are finished')
  } finally {
    await Promise.all(open.map(async (listener) => await listener.close(drainMs)))
    core.close()
  }
}

type Closable = { close(graceMs: number): Promise<void> }

// ── Listening ─────────────────────────────────────────────────────────────────

const listenAll = async (
  router: RouterFile,
  paths: RouterPaths,
  core: RouterCore,
  open: Closable[],
): Promise<z.output<typeof addressesSchema>> => {
  const before = readKept(paths.addresses, addressesSchema)
  const listen = async (what: string, server: Server, wanted: RouterFile['metrics'], last: string | undefined) => {
    const port = last === undefined ? null : Number(last.slice(last.lastIndexOf(':') + 1))
    const listener = await listenOn(what, server, wanted, port)
    open.push(listener)
    return addressText(listener.address)
  }
  const services: Record<string, string> = {}
  for (const route of core.routes) {
    const listening = router.services[route.service]?.listen ?? { host: '127.0.0.1', port: 0 }
    services[route.service] = await listen(
      route.service,
      createTrafficServer(route),
      listening,
      before?.services[route.service],
    )
  }
  const metrics = await listen('metrics', createMetricsServer(core), router.metrics, before?.metrics)
  const addresses = { metrics, services }
  await writeDurably(paths.addresses, JSON.stringify(addresses))
  return addresses
}

const createTrafficServer = (route: Route): Server => {
  const server = createServer({
    // Longer than the minute after which balancers in front of us give up a connection: the side that closes first
    // must be the one that sends.
    keepAliveTimeout: 75_000,
    headersTimeout: 60_000,
    // Uploads may take as long as they flow; see the limit in `forward.ts`.
    requestTimeout: 0,
    // Some clients offer HTTP/2 with every request; that is no reason to leave HTTP/1.1.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() !== 'h2c',
  })
  server.on('request', (req, res) => forward(route, req, res, false))
  server.on('checkContinue', (req, res) => forward(route, req, res, true))
  server.on('upgrade', (req, socket, head) => forwardUpgrade(route, req, socket, head))
  return server
}

const createMetricsServer = (core: RouterCore): Server =>
  createServer((req, res) => {
    if (req.method !== 'GET' || req.url?.split('?')[0] !== '/metrics') {
      res.writeHead(404, { 'content-type': 'text/plain' }).end('The metrics are at /metrics.\n')
      return
    }
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(core.metrics())
  })
