import type { CounterSeries } from '../engine/ports.ts'
import type { Millis, Side } from '../moves/goal.ts'
import { drawBinomial, drawPoisson } from './draw.ts'
import type { Random } from './simulated-clock.ts'

/** How one side answers its users. */
export type Answering = {
  readonly errorRatio: number
  /** Median and spread (standard deviation of the logarithm) of the time that an answer takes. */
  readonly latencyMs: number
  readonly latencySpread: number
}

/** Upper bounds of the latency buckets, in seconds. */
export const latencyBounds = [0.025, 0.05, 0.1, 0.25, 1] as const

type Counts = { requests: number; errors: number; assigned: number; readonly buckets: number[] }

export type SimulatedUsers = {
  /** Lets the users' requests up to now happen, by what holds since the last time. Call it before anything changes. */
  readonly passTime: (service: string) => void
  readonly series: (service: string) => readonly CounterSeries[]
  readonly setAnswering: (service: string, side: Side, answering: Answering) => void
  readonly setRate: (service: string, requestsPerSecond: number) => void
  /** A counter restarts from 0, as that of a router that was started again. */
  readonly reset: (service: string) => void
  readonly counts: (service: string, side: Side) => { readonly requests: number; readonly errors: number }
}

export type UsersOf = {
  readonly service: string
  readonly requestsPerSecond: number
  readonly answering: Readonly<Record<Side, Answering>>
}

const sides = ['blue', 'green'] as const

/** The share of answers that take longer than each bound. */
const tailsOf = ({ latencyMs, latencySpread }: Answering): readonly number[] =>
  latencyBounds.map((bound) => upperTail(Math.log((bound * 1_000) / latencyMs) / latencySpread))

/** Of the standard normal curve (Abramowitz and Stegun 26.2.17; error below 1e-7). */
const upperTail = (x: number): number => {
  if (x < 0) return 1 - upperTail(-x)
  const t = 1 / (1 + 0.2316419 * x)
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * poly
}

type State = {
  requestsPerSecond: number
  upTo: Millis
  readonly answering: Record<Side, Answering>
  readonly tails: Record<Side, readonly number[]>
  readonly counts: Record<Side, Counts>
  readonly names: Record<Side, readonly Omit<CounterSeries, 'value'>[]>
}

/**
 * Users of exposed services: Poisson requests, shared out by the router's weight in force, each of which fails or takes
 * its time as the side has it. Counted as the router counts: drawn for each interval in which nothing changes.
 */
export const createSimulatedUsers = (options: {
  readonly now: () => Millis
  readonly random: Random
  readonly users: readonly UsersOf[]
  /** Green's share in force, percent. */
  readonly inForce: (service: string) => number
  /** A side without a ready copy fails all that it gets. */
  readonly answers: (service: string, side: Side) => boolean
}): SimulatedUsers => {
  const { now, random } = options
  const states = new Map(
    options.users.map(({ service, requestsPerSecond, answering }): [string, State] => [
      service,
      {
        requestsPerSecond,
        upTo: now(),
        answering: { ...answering },
        tails: { blue: tailsOf(answering.blue), green: tailsOf(answering.green) },
        counts: { blue: newCounts(), green: newCounts() },
        names: { blue: namesOf(service, 'blue'), green: namesOf(service, 'green') },
      },
    ]),
  )
  const of = (service: string): State => {
    const state = states.get(service)
    if (state === undefined) throw new Error(`nobody uses ${service}`)
    return state
  }

  const serve = (state: State, service: string, side: Side, requests: number): void => {
    const counts = state.counts[side]
    counts.assigned += requests
    counts.requests += requests
    const { errorRatio } = state.answering[side]
    counts.errors += options.answers(service, side) ? drawBinomial(random, requests, errorRatio) : requests
    let slower = requests
    let before = 1
    for (const [index, tail] of state.tails[side].entries()) {
      // Of those that took longer than the bound before, so many took longer than this one as well.
      slower = drawBinomial(random, slower, before === 0 ? 0 : Math.min(1, tail / before))
      before = tail
      counts.buckets[index] = (counts.buckets[index] ?? 0) + requests - slower
    }
  }

  const passTime = (service: string): void => {
    const state = states.get(service)
    if (state === undefined) return
    const at = now()
    const seconds = (at - state.upTo) / 1_000
    if (seconds <= 0) return
    state.upTo = at
    const share = options.inForce(service) / 100
    const mean = state.requestsPerSecond * seconds
    if (share > 0) serve(state, service, 'green', drawPoisson(random, mean * share))
    if (share < 1) serve(state, service, 'blue', drawPoisson(random, mean * (1 - share)))
  }

  return {
    passTime,
    series: (service) => {
      passTime(service)
      const { counts, names } = of(service)
      return sides.flatMap((side) => {
        const { requests, errors, assigned, buckets } = counts[side]
        const values = [requests, errors, assigned, ...buckets, requests]
        return names[side].map((name, index) => ({ ...name, value: values[index] ?? 0 }))
      })
    },
    setAnswering: (service, side, answering) => {
      passTime(service)
      const state = of(service)
      state.answering[side] = answering
      state.tails[side] = tailsOf(answering)
    },
    setRate: (service, requestsPerSecond) => {
      passTime(service)
      of(service).requestsPerSecond = requestsPerSecond
    },
    reset: (service) => {
      passTime(service)
      const { counts } = of(service)
      for (const side of sides) counts[side] = newCounts()
    },
    counts: (service, side) => {
      passTime(service)
      return of(service).counts[side]
    },
  }
}

const newCounts = (): Counts => ({
  requests: 0,
  errors: 0,
  assigned: 0,
  buckets: latencyBounds.map(() => 0),
})

const namesOf = (service: string, side: Side): readonly Omit<CounterSeries, 'value'>[] => {
  const of = (measure: CounterSeries['measure'], name: string) => ({
    series: `router ${name} ${service} ${side}`,
    service,
    side,
    measure,
  })
  return [
    of('requests', 'requests'),
    of('errors', 'errors'),
    of('assigned', 'assigned'),
    ...[...latencyBounds, Number.POSITIVE_INFINITY].map((le) => ({ ...of('bucket', `le=${le}`), le })),
  ]
}
