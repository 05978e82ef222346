import { createHmac } from 'node:crypto'
import type { World } from '../engine/engine.ts'
import type { Call, Run } from '../engine/ports.ts'
import type { EnvironmentSeen, ScheduleDefinition, ServiceDefinition } from '../inventory/estate.ts'
import { type Millis, type Side, sides } from '../moves/goal.ts'
import type { Caller } from './simulated-calls.ts'
import { createSimulatedClaim, type SimulatedClaim } from './simulated-claim.ts'
import { createRandom, type SimulatedClock } from './simulated-clock.ts'
import { createSimulatedFlow } from './simulated-flow.ts'
import { createSimulatedMetrics, type SimulatedMetrics } from './simulated-metrics.ts'
import { createSimulatedQueues, type SimulatedQueues } from './simulated-queue.ts'
import { createSimulatedRouter, type SimulatedRouter } from './simulated-router.ts'
import { createSimulatedSchedules, type SimulatedScheduler, type SimulatedSide } from './simulated-schedules.ts'
import { type Answering, createSimulatedUsers, type SimulatedUsers } from './simulated-users.ts'
import { createSimulatedWorkloads, type SimulatedWorkloads } from './simulated-workloads.ts'
import type { Timetable } from './timetable.ts'

type BySide<T> = Readonly<Record<Side, T>>

/** How a service behaves. What it has not is null. */
export type ServiceBehaviour = {
  readonly startMs: Millis
  /** On green; absent: as on blue. */
  readonly greenStartMs?: Millis
  readonly drainMs: Millis
  readonly neverReady: BySide<boolean>
  /** It has no copy on green before it is provisioned. */
  readonly absentOnGreen: boolean
  readonly users: {
    readonly requestsPerSecond: number
    readonly answering: BySide<Answering>
    readonly bounds?: readonly number[]
  } | null
  readonly queue: {
    readonly itemsPerSecond: number
    readonly itemMs: Millis
    readonly failRatio: BySide<number>
  } | null
  readonly runs: { readonly runMs: Millis; readonly failRatio: BySide<number> } | null
  /** What it writes into its logs. */
  readonly logs: readonly string[]
}

export type SimulatedService = { readonly definition: ServiceDefinition; readonly behaviour: ServiceBehaviour }

export type WorldOptions = {
  readonly clock: SimulatedClock
  /** The same seed and the same calls give the same world. */
  readonly seed: number
  /** As blue has them; green's are the same, asleep. */
  readonly services: readonly SimulatedService[]
  readonly scheduler: SimulatedScheduler
  readonly horizonMs: Millis
  readonly timetableOf: (schedule: ScheduleDefinition) => Timetable
  readonly names?: BySide<string>
  readonly seen?: WorldSeen
  /** Queues by counts instead of single items: for busy ones. */
  readonly queuesFlow?: boolean
  /** What this scrape has of a service. Absent: everything. */
  readonly scraped?: (service: string) => Scraped
  /** Whether the environments tell of each run of a schedule. Absent: they do. */
  readonly tellsRuns?: (service: string) => boolean
}

/** `latency`: only the buckets of blue's answers so far, and those as they once were. */
export type Scraped = 'everything' | 'latency' | 'nothing'

/** What happens, as it happens, for those who watch from outside. */
export type WorldSeen = {
  readonly weight?: (service: string, green: number, by: Call | null) => void
  readonly run?: (run: Run) => void
}

export type SimulatedEnvironment = {
  readonly claim: SimulatedClaim
  readonly workloads: SimulatedWorkloads
  readonly schedules: SimulatedSide
  readonly inventory: (hmacKey: Uint8Array) => EnvironmentSeen
}

/**
 * Blue, green, a router and metrics in simulated time. `worldFor` gives the ports as one caller has them; everything
 * else is what they can't see: the truth, for those who check, and what people and chance do past every port.
 */
export type SimulatedWorld = BySide<SimulatedEnvironment> & {
  readonly worldFor: (caller: Caller) => World
  readonly router: SimulatedRouter
  readonly routerClaim: SimulatedClaim
  readonly users: SimulatedUsers
  readonly queues: SimulatedQueues
  readonly metrics: SimulatedMetrics
}

export const createSimulatedWorld = (options: WorldOptions): SimulatedWorld => {
  const { clock, services, scheduler } = options
  // Each part draws its own numbers, so that a call more of one changes nothing about the others.
  const randomOf = (part: number) => createRandom((Math.imul(options.seed, 31) + part) >>> 0)
  const isReady = (service: string, side: Side): boolean => environments[side].workloads.ready(service) > 0

  /** What happened so far goes by what was; only then does something change. */
  const changing = (service: string): void => {
    users.passTime(service)
    queues.passTime(service)
  }
  const environment = (side: Side): SimulatedEnvironment => {
    const name = options.names?.[side] ?? side
    const claim = createSimulatedClaim({ name, clock, keepsFences: scheduler.keepsFences })
    const inventory = (hmacKey: Uint8Array): EnvironmentSeen => ({
      name,
      provider: 'simulated',
      readAt: clock.now(),
      services: services.map(({ definition }) => digested(definition, hmacKey)),
    })
    const workloads = createSimulatedWorkloads({
      ...{ side, clock, claim, changing, inventory },
      workloads: services.map((service) => workloadOf(service, side)),
    })
    const schedules = createSimulatedSchedules({
      ...{ side, clock, claim, scheduler, horizonMs: options.horizonMs },
      random: randomOf(side === 'blue' ? 1 : 2),
      schedules: services.flatMap((service) => scheduleOf(service, side, options)),
      changed: (service) => {
        if (options.tellsRuns?.(service) !== false) workloads.hint(service)
      },
      ...(options.seen?.run === undefined ? {} : { started: options.seen.run }),
    })
    return { claim, workloads, schedules, inventory }
  }
  const environments = { blue: environment('blue'), green: environment('green') }
  const routerClaim = createSimulatedClaim({ name: 'router', clock, keepsFences: scheduler.keepsFences })
  const published = services.filter(({ definition }) => definition.port?.published === true)
  const router = createSimulatedRouter({
    routes: published.map(({ definition }) => ({ service: definition.name, green: 0 })),
    ready: isReady,
    claim: routerClaim,
    changing,
    ...(options.seen?.weight === undefined ? {} : { log: options.seen.weight }),
  })
  for (const side of sides)
    environments[side].workloads.watch((service) => {
      if (service !== null) router.readinessChanged(service)
    }, new AbortController().signal)

  const users = createSimulatedUsers({
    now: clock.now,
    random: randomOf(3),
    users: published.flatMap(({ definition, behaviour }) =>
      behaviour.users === null ? [] : [{ service: definition.name, ...behaviour.users }],
    ),
    inForce: router.inForce,
    answers: isReady,
  })
  const createQueues = options.queuesFlow === true ? createSimulatedFlow : createSimulatedQueues
  const queues = createQueues({
    now: clock.now,
    random: randomOf(4),
    queues: services.flatMap(({ definition, behaviour }) =>
      behaviour.queue === null ? [] : [{ service: definition.name, ...behaviour.queue }],
    ),
    ready: (service, side) => environments[side].workloads.ready(service),
  })
  const metrics = createSimulatedMetrics({
    now: clock.now,
    measured: services.map(({ definition: { name }, behaviour }) => ({
      service: name,
      series: () => {
        const scraped = options.scraped?.(name) ?? 'everything'
        if (scraped === 'nothing') return []
        if (scraped === 'latency') return behaviour.users === null ? [] : users.blueLatency(name)
        return behaviour.users !== null ? users.series(name) : behaviour.queue !== null ? queues.series(name) : []
      },
      gauges: () =>
        behaviour.queue === null || (options.scraped?.(name) ?? 'everything') !== 'everything'
          ? []
          : [{ service: name, side: null, name: 'queue_depth', value: queues.depth(name) }],
    })),
  })
  return {
    ...environments,
    ...{ router, routerClaim, users, queues, metrics },
    worldFor: (caller) => {
      const sideOf = (side: Side): World['sides'][Side] => ({
        claims: environments[side].claim.portsFor(caller),
        workloads: environments[side].workloads.portsFor(caller),
        schedules: environments[side].schedules.portsFor(caller),
      })
      return {
        sides: { blue: sideOf('blue'), green: sideOf('green') },
        router: { claims: routerClaim.portsFor(caller), traffic: router.portsFor(caller) },
        metrics: metrics.portsFor(caller),
      }
    },
  }
}

/** Secrets as they may be shown: equal ones have equal digests under one key. */
const digested = (definition: ServiceDefinition, hmacKey: Uint8Array): ServiceDefinition => ({
  ...definition,
  variables: Object.fromEntries(
    Object.entries(definition.variables).map(([name, variable]) => [
      name,
      variable.kind === 'secret'
        ? { ...variable, digest: createHmac('sha256', hmacKey).update(variable.reference).digest('hex') }
        : variable,
    ]),
  ),
})

const workloadOf = ({ definition, behaviour }: SimulatedService, side: Side) => ({
  service: definition.name,
  replicas: side === 'blue' ? definition.replicas : behaviour.absentOnGreen ? null : 0,
  version: definition.version,
  startMs: side === 'green' ? (behaviour.greenStartMs ?? behaviour.startMs) : behaviour.startMs,
  drainMs: behaviour.drainMs,
  neverReady: behaviour.neverReady[side],
  logs: behaviour.logs,
})

const scheduleOf = (
  { definition: { name, schedule }, behaviour: { runs } }: SimulatedService,
  side: Side,
  { timetableOf, seed }: WorldOptions,
) => {
  if (schedule === null || runs === null) return []
  const failRatio = runs.failRatio[side]
  return [
    {
      service: name,
      timetable: timetableOf(schedule),
      concurrency: schedule.concurrency,
      deadlineMs: schedule.deadlineMs,
      suspended: side === 'green' || schedule.suspended,
      runMs: runs.runMs,
      // By the tick, so that the same tick fails wherever and whenever it runs.
      fails: (tick: Millis | null) => failRatio > 0 && createRandom((seed + (tick ?? 0) / 1_000) >>> 0)() < failRatio,
    },
  ]
}
