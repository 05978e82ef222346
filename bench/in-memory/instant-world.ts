/** A world in memory for benches: every act happens at once, every service has traffic on both sides of its weight. */
import type { Clock } from '../../src/engine/clock.ts'
import type { World } from '../../src/engine/engine.ts'
import type {
  Answer,
  Claims,
  CounterSeries,
  MetricsSnapshot,
  Schedules,
  Traffic,
  WeightSeen,
  WorkloadSeen,
  Workloads,
} from '../../src/engine/ports.ts'
import type { CarryOutWork } from '../../src/engine/runner.ts'
import type { Side } from '../../src/moves/goal.ts'
import { movePlan, quickPolicy, smallPlan } from '../../src/moves/testing/small-world.ts'
import type { Gate, MovePlan, Plan, Step } from '../../src/plan/plan.ts'
import type { Policy } from '../../src/plan/policy.ts'

const ok = <T>(value: T): Promise<Answer<T>> => Promise.resolve({ kind: 'ok', value })

export type Pace = {
  readonly weights: readonly number[]
  readonly dwell: Policy['dwell']
  /** How long a step is watched at least, besides its verdict; null: the verdict alone counts. */
  readonly soakMs: number | null
  readonly toleratedExtra: number
  readonly bakeMs: number
  /** The services are provisioned over this time, one after another. */
  readonly spreadMs: number
}
export type EstateOptions = Pace & { readonly services: number }

/** Text as it came over a wire: what is put together keeps its parts. */
const asRead = (text: string): string => Buffer.from(text).toString()

const minute = 60_000
/** 400 requests a second for each service. */
const requestsPerScrape = 2_000

/** The product's defaults. */
export const productPace: Pace = {
  weights: [1, 5, 25, 50, 100],
  dwell: { minMs: minute, maxMs: 30 * minute },
  // As the steps of internal services have it, so that something is due by the clock, too.
  soakMs: minute,
  toleratedExtra: 0.0005,
  bakeMs: 60 * minute,
  spreadMs: minute,
}
/** Five minutes a step: in motion for an hour. */
export const slowPace: Pace = {
  ...productPace,
  weights: [1, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 100],
  dwell: { minMs: 5 * minute, maxMs: 30 * minute },
}
/** A minute a step, for a quarter of an hour. */
export const longPace: Pace = {
  ...slowPace,
  weights: [...slowPace.weights.slice(0, -1), 95, 98, 100],
  dwell: productPace.dwell,
}
export const lockstep: Pace = {
  weights: Array.from({ length: 100 }, (_, index) => index + 1),
  dwell: { minMs: 5_000, maxMs: 5_000 },
  soakMs: 5_000,
  toleratedExtra: 0.05,
  bakeMs: 3_000,
  spreadMs: 0,
}

/** So many exposed services in one wave. They share steps and policy, as in every plan of services with nothing of their own. */
export const manyExposed = ({ services, ...pace }: EstateOptions): Plan => {
  const names = Array.from({ length: services }, (_, index) => `service-${index}`)
  const shared = { steps: stepsAt(pace), policy: policyAt(pace) }
  const plan = smallPlan({ parallelMs: 0 })
  return {
    ...plan,
    release: 'bench',
    waves: [{ number: 1, services: names, phase: 'exposed', why: '' }],
    moves: Object.fromEntries(
      names.map((name): [string, MovePlan] => [name, { ...movePlan(name, 'exposed', 1, []), ...shared }]),
    ),
  }
}

type Rhythm = Omit<Pace, 'spreadMs'>

const stepsAt = ({ weights, soakMs, bakeMs }: Rhythm): readonly Step[] => {
  const { steps } = movePlan('any', 'exposed', 1, [])
  const template = steps.find((step) => step.goal?.kind === 'weights')
  if (template === undefined) throw new Error('an exposed move has weights')
  const soak: readonly Gate[] = soakMs === null ? [] : [{ kind: 'soak', forMs: soakMs }]
  return [
    ...steps.slice(0, 2).map((step) => ({ ...step, limitMs: 10 * minute })),
    ...weights.map((green) => ({
      ...template,
      limitMs: 10 * minute,
      name: `weight ${green}`,
      goal: { kind: 'weights', green } as const,
      after: [...soak, { kind: 'verdict' } as const],
    })),
    ...steps.slice(-1).map((bake) => ({ ...bake, after: [{ kind: 'soak', forMs: bakeMs } as const] })),
  ]
}

const policyAt = ({ weights, dwell, toleratedExtra, bakeMs }: Rhythm): Policy => {
  const limits = { holdLimit: { afterMs: 10 * minute, then: 'call' } as const, stepLimitMs: 10 * minute }
  const judge = { ...quickPolicy.judge, intervalMs: 5_000, toleratedExtra, warmUpMs: 4 * minute }
  return { ...quickPolicy, weights, dwell, bakeMs, blindLimitMs: 5 * minute, ...limits, judge }
}

/** What green had when the world was left, by service. */
export type Left = Readonly<Record<string, { readonly replicas: number; readonly weight: number }>>

export const createInstantWorld = (plan: Plan, { spreadMs }: Pace, clock: Clock, left: Left = {}) => {
  const began = clock.now()
  const names = Object.keys(plan.moves)
  const replicas = new Map(Object.entries(left).map(([service, on]) => [service, on.replicas]))
  const weights = new Map(Object.entries(left).map(([service, on]) => [service, on.weight]))
  const watchers: ((service: string) => void)[] = []
  let acts = 0
  let scrapedAt = began
  /** How long after the scrape that proved its last step each weight was set. */
  const afterProof: number[] = []

  const claims = (name: string): Claims => ({
    name,
    read: () => ok({ release: null, epoch: 0, stop: null, now: clock.now() }),
    claim: () => ok(null),
    free: () => ok(null),
    stop: () => ok(null),
    clearStop: () => ok(null),
  })
  const seen = (side: Side, service: string): WorkloadSeen => {
    const count = side === 'blue' ? 2 : (replicas.get(service) ?? 0)
    return {
      service,
      version: '1',
      desired: count,
      ready: count,
      running: count,
      restarts: 0,
      problem: null,
      youngestReadyAt: 0,
      revision: '1',
      stamp: null,
    }
  }
  const never = (): never => {
    throw new Error('the bench does not come here')
  }
  const workloads = (side: Side): Workloads => ({
    side,
    inventory: never,
    list: () => ok(names.map((name) => seen(side, name))),
    read: (service) => ok(seen(side, service)),
    watch: () => undefined,
    provision: never,
    scale: never,
    logs: never,
    address: () => ok(null),
  })
  const schedules = (side: Side): Schedules => ({
    side,
    horizonMs: 0,
    read: never,
    runs: never,
    recordsSince: never,
    ticks: never,
    stamp: never,
    pause: never,
    fence: never,
    unfence: never,
    barrier: never,
    setCursor: never,
    resume: never,
    runNow: never,
  })
  const weightOf = (service: string): WeightSeen => {
    const green = weights.get(service) ?? 0
    return { service, green, effectiveGreen: green, ready: { blue: true, green: true }, revision: '1', stamp: null }
  }
  const traffic: Traffic = {
    supports: { testRoute: false, fences: true, probes: true },
    list: () => ok(names.map(weightOf)),
    read: (service) => ok(weightOf(service)),
    watch: (changed) => void watchers.push(changed),
    setWeight: never,
    testRoute: () => null,
  }
  const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, Number.POSITIVE_INFINITY]
  /** What stays the same of every series, as a scraper keeps it, and what a side has served so far. */
  const served = names.flatMap((service) =>
    (['blue', 'green'] as const).map((side) => {
      const of = <M extends CounterSeries['measure']>(measure: M, name: string) => ({
        series: asRead(`bench ${service} ${side} ${name}`),
        service,
        side,
        measure,
      })
      const fixed = [of('requests', 'requests'), of('errors', 'errors'), of('assigned', 'assigned')]
      const buckets = bounds.map((le) => {
        const series = asRead(`bench ${service} ${side} le ${le}`)
        return { series, service, side, measure: 'bucket' as const, le }
      })
      return { service, side, fixed, buckets, requests: 0 }
    }),
  )
  const scrape = (): readonly CounterSeries[] =>
    served.flatMap((one) => {
      const green = (weights.get(one.service) ?? 0) / 100
      one.requests += Math.round(requestsPerScrape * (one.side === 'green' ? green : 1 - green))
      // Each with room for just what it has, as a scraper makes them.
      return [
        ...one.fixed.map(({ series, service, side, measure }) => {
          const value = measure === 'errors' ? 0 : one.requests
          return { series, service, side, measure, value }
        }),
        ...one.buckets.map(({ series, service, side, measure, le }, index) => {
          const value = Math.round((one.requests * (index + 1)) / bounds.length)
          return { series, service, side, measure, le, value }
        }),
      ]
    })
  const world: World = {
    sides: {
      blue: { claims: claims('blue'), workloads: workloads('blue'), schedules: schedules('blue') },
      green: { claims: claims('green'), workloads: workloads('green'), schedules: schedules('green') },
    },
    router: { claims: claims('router'), traffic },
    metrics: {
      read: () => {
        scrapedAt = clock.now()
        const snapshot: MetricsSnapshot = {
          at: clock.now(),
          counters: scrape(),
          gauges: [],
          missing: [],
        }
        return ok(snapshot)
      },
    },
  }
  const order = new Map(names.map((name, index) => [name, index]))
  const carryOut = (): CarryOutWork => async (work, _memo, signal) => {
    const { goal } = work.lane
    const comesInAt = began + (spreadMs * (order.get(work.service) ?? 0)) / names.length
    if (goal.kind === 'provision' && clock.now() < comesInAt) await clock.sleep(comesInAt, signal)
    acts += 1
    if (goal.kind === 'workload') replicas.set(work.service, goal.green)
    if (goal.kind === 'weights') {
      if (weights.has(work.service)) afterProof.push(clock.now() - scrapedAt)
      weights.set(work.service, goal.green)
    }
    if (goal.kind === 'weights') for (const changed of watchers) changed(work.service)
    return { kind: 'done', result: null }
  }
  return {
    world,
    carryOut,
    acts: () => acts,
    afterProof: () => afterProof,
    atFull: () => [...weights.values()].filter((weight) => weight === 100).length,
  }
}
