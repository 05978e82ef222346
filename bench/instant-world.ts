/** A world in memory for benches: every act happens at once, every service has traffic on both sides of its weight. */
import type { World } from '../src/engine/engine.ts'
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
} from '../src/engine/ports.ts'
import type { CarryOutWork } from '../src/engine/runner.ts'
import type { Side } from '../src/moves/goal.ts'
import { movePlan, quickPolicy, smallPlan } from '../src/moves/testing/small-world.ts'
import type { MovePlan, Plan } from '../src/plan/plan.ts'

const ok = <T>(value: T): Promise<Answer<T>> => Promise.resolve({ kind: 'ok', value })

/** So many exposed services in one wave, stepping by 1 %: something is due all the time. */
export const manyExposed = (services: number): Plan => {
  const names = Array.from({ length: services }, (_, index) => `service-${index}`)
  const moves = names.map((name): [string, MovePlan] => {
    const base = movePlan(name, 'exposed', 1, [])
    const weights = Array.from({ length: 100 }, (_, index) => index + 1)
    const template = base.steps.find((step) => step.goal?.kind === 'weights')
    if (template === undefined) throw new Error('an exposed move has weights')
    const steps = [
      ...base.steps.slice(0, 2),
      ...weights.map((green) => ({
        ...template,
        name: `weight ${green}`,
        goal: { kind: 'weights', green } as const,
        after: [{ kind: 'soak', forMs: 5_000 } as const, { kind: 'verdict' } as const],
      })),
      ...base.steps.slice(-1),
    ]
    const policy = {
      ...quickPolicy,
      dwell: { minMs: 5_000, maxMs: 5_000 },
      judge: { ...quickPolicy.judge, intervalMs: 5_000, toleratedExtra: 0.05 },
    }
    return [name, { ...base, steps, policy }]
  })
  const plan = smallPlan({ parallelMs: 0 })
  return {
    ...plan,
    release: 'bench',
    waves: [{ number: 1, services: names, phase: 'exposed', why: '' }],
    moves: Object.fromEntries(moves),
  }
}

export const createInstantWorld = (plan: Plan) => {
  const names = Object.keys(plan.moves)
  const replicas = new Map<string, number>()
  const weights = new Map<string, number>()
  const watchers: (() => void)[] = []
  let acts = 0
  let scrapes = 0

  const claims = (name: string): Claims => ({
    name,
    read: () => ok({ release: null, epoch: 0, stop: null, now: Date.now() }),
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
    watch: (changed) => void watchers.push(() => changed(null)),
    setWeight: never,
    testRoute: () => null,
  }
  const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, Number.POSITIVE_INFINITY]
  const counters = (service: string, side: Side): readonly CounterSeries[] => {
    const share = side === 'green' ? (weights.get(service) ?? 0) / 100 : 1 - (weights.get(service) ?? 0) / 100
    const requests = Math.round(500 * scrapes * Math.max(0.01, share))
    const series = (measure: CounterSeries['measure'], value: number): CounterSeries => ({
      series: `bench ${service} ${side} ${measure}`,
      service,
      side,
      measure,
      value,
    })
    return [
      series('requests', requests),
      series('errors', 0),
      series('assigned', requests),
      ...bounds.map((le, index) => ({
        ...series('bucket', Math.round((requests * (index + 1)) / bounds.length)),
        series: `bench ${service} ${side} le ${le}`,
        le,
      })),
    ]
  }
  const world: World = {
    sides: {
      blue: { claims: claims('blue'), workloads: workloads('blue'), schedules: schedules('blue') },
      green: { claims: claims('green'), workloads: workloads('green'), schedules: schedules('green') },
    },
    router: { claims: claims('router'), traffic },
    metrics: {
      read: () => {
        scrapes += 1
        const snapshot: MetricsSnapshot = {
          at: Date.now(),
          counters: names.flatMap((name) => [...counters(name, 'blue'), ...counters(name, 'green')]),
          gauges: [],
          missing: [],
        }
        return ok(snapshot)
      },
    },
  }
  const carryOut = (): CarryOutWork => (work) => {
    acts += 1
    const { goal } = work.lane
    if (goal.kind === 'workload') replicas.set(work.service, goal.green)
    if (goal.kind === 'weights') weights.set(work.service, goal.green)
    for (const changed of watchers) changed()
    return Promise.resolve({ kind: 'done', result: null })
  }
  return {
    world,
    carryOut,
    acts: () => acts,
    atFull: () => [...weights.values()].filter((weight) => weight === 100).length,
  }
}
