import { join } from 'node:path'
import type { WeightSeen } from '../../engine/ports.ts'
import { type Side, sides } from '../../moves/goal.ts'
import { statePathsOf } from '../local/state-paths.ts'
import type { AdminWorld } from './admin-api.ts'
import { type Endpoints, endpointsByServiceSchema, followEndpoints } from './follow-endpoints.ts'
import { startProbe } from './probe.ts'
import { createReplicas } from './replicas.ts'
import { greenNow, type Route } from './route.ts'
import type { RoutedService, RouterFile } from './router-file.ts'
import type { RouterPaths } from './router-paths.ts'
import { weightOf } from './router-state.ts'
import { type RouterStatus, readKept } from './router-status.ts'
import { type StateFile, writeDurably } from './state-file.ts'
import { createTrafficCounters, renderMetrics } from './traffic-metrics.ts'

export type Log = (event: Readonly<Record<string, unknown>>, text: string) => void

/** Everything of a router but its listeners: what it knows and decides by. */
export type RouterCore = {
  readonly routes: readonly Route[]
  readonly admin: Pick<AdminWorld, 'services' | 'weight' | 'weightChanged' | 'watch'>
  environments(): RouterStatus['environments']
  /** The text of /metrics. */
  metrics(): string
  /** Both supervisors have told their replicas, or the limit is over: whoever comes from now on is served at best. */
  settled(limitMs: number): Promise<void>
  /** Stops following and probing, and closes what is kept open to replicas. */
  close(): void
}

export const createRouterCore = (router: RouterFile, paths: RouterPaths, state: StateFile, log: Log): RouterCore => {
  const watchers = new Set<(service: string | null) => void>()
  const changed = (service: string | null): void => {
    for (const tell of watchers) tell(service)
  }
  const life = new AbortController()
  const routes = Object.values(router.services).map((service) => createRoute(router, service, state, log, changed))
  const routeOf = new Map(routes.map((route) => [route.service, route]))
  const follow = (side: Side) => followSide({ router, paths, side, routes, log, life: life.signal })
  const followed = { blue: follow('blue'), green: follow('green') }
  return {
    routes,
    admin: {
      services: routes.map(({ service }) => service),
      weight: (service) => seenWeight(state, service, routeOf.get(service)),
      weightChanged: (service) => {
        log({ service, green: weightOf(state.current(), service).green }, 'weight set')
        changed(service)
      },
      watch: (tell) => {
        watchers.add(tell)
        return () => watchers.delete(tell)
      },
    },
    environments: () => {
      const of = (side: Side) => ({
        name: router.environments[side].name,
        connected: followed[side].connected(),
        replicas: Object.fromEntries(routes.map((route) => [route.service, route.sides[side].replicas.count()])),
      })
      return { blue: of('blue'), green: of('green') }
    },
    metrics: () =>
      renderMetrics(
        routes.map((route) => ({
          service: route.service,
          green: route.setGreen(),
          effectiveGreen: greenNow(route),
          sides: { blue: figuresOf(route, 'blue'), green: figuresOf(route, 'green') },
        })),
      ),
    settled: async (limitMs) => {
      const limit = AbortSignal.timeout(limitMs)
      const over = new Promise((resolve) => limit.addEventListener('abort', resolve))
      await Promise.race([over, Promise.all(sides.map(async (side) => await followed[side].first))])
    },
    close: () => {
      life.abort()
      for (const { sides: of } of routes) for (const side of sides) of[side].replicas.close()
    },
  }
}

const figuresOf = ({ sides: of }: Route, side: Side) => ({
  environment: of[side].environment,
  ready: of[side].replicas.ready(),
  counters: of[side].counters,
})

const seenWeight = (state: StateFile, service: string, route: Route | undefined): WeightSeen => {
  const { green, revision, stamp } = weightOf(state.current(), service)
  const ready = {
    blue: route?.sides.blue.replicas.ready() ?? null,
    green: route?.sides.green.replicas.ready() ?? null,
  }
  return {
    service,
    green,
    effectiveGreen: route === undefined ? green : greenNow(route),
    ready,
    revision: String(revision),
    stamp,
  }
}

const createRoute = (
  router: RouterFile,
  service: RoutedService,
  state: StateFile,
  log: Log,
  changed: (service: string) => void,
): Route => {
  const sideOf = (side: Side) => {
    const environment = router.environments[side]
    const local = environment.services[service.name]
    const health = { everyMs: 500, timeoutMs: 1_000, failures: 2, ...local?.health }
    const settings = { ...health, path: local?.port?.healthPath ?? null }
    const replicas = createReplicas({
      probe: (port, found) => startProbe(port, settings, found),
      changed: () => {
        log({ service: service.name, environment: environment.name, ready: replicas.ready() }, 'readiness changed')
        changed(service.name)
      },
    })
    return { environment: environment.name, replicas, counters: createTrafficCounters(replicas.lists) }
  }
  return {
    service: service.name,
    timeoutMs: service.timeoutMs,
    rules: router,
    sides: { blue: sideOf('blue'), green: sideOf('green') },
    setGreen: () => weightOf(state.current(), service.name).green,
    now: Date.now,
    random: Math.random,
  }
}

type Following = {
  readonly router: RouterFile
  readonly paths: RouterPaths
  readonly side: Side
  readonly routes: readonly Route[]
  readonly log: Log
  readonly life: AbortSignal
}

/**
 * Keeps the replicas of one side up to date. The list outlives the supervisor, and on disk the router too: users must
 * reach what still runs. `first` resolves with the first list that a supervisor gave.
 */
const followSide = ({ router, paths, side, routes, log, life }: Following) => {
  const environment = router.environments[side]
  const file = join(paths.directory, `endpoints-${side}.json`)
  const keep = keeper(file, log)
  const first = Promise.withResolvers<void>()
  let connected = false

  const update = (endpoints: Endpoints): void => {
    for (const route of routes) route.sides[side].replicas.update(endpoints[route.service] ?? [])
  }
  const lose = (): void => {
    connected = false
    for (const route of routes) route.sides[side].replicas.lose()
  }
  const found = (endpoints: Endpoints): void => {
    if (life.aborted) return
    if (!connected) log({ environment: environment.name }, 'supervisor found')
    connected = true
    const ours = Object.fromEntries(routes.map(({ service }) => [service, endpoints[service] ?? []]))
    update(ours)
    keep(JSON.stringify(ours))
    first.resolve()
  }
  const lost = (because: string): void => {
    log({ environment: environment.name, because }, 'supervisor lost: the last list of replicas holds')
    lose()
  }

  const last = readKept(file, endpointsByServiceSchema)
  if (last !== null) update(last)
  lose()
  followEndpoints(statePathsOf(environment).socket, { found, lost }, life)
  return { connected: () => connected, first: first.promise }
}

/** Writes a text when it is another than before, one after the other. */
const keeper = (file: string, log: Log): ((text: string) => void) => {
  let kept = ''
  let last: Promise<void> = Promise.resolve()
  return (text) => {
    if (text === kept) return
    kept = text
    last = last
      .then(async () => await writeDurably(file, text))
      .catch((error: unknown) => log({ file, error: String(error) }, 'the list of replicas could not be kept'))
  }
}
