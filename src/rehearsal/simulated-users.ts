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
export const latencyBounds: readonly number[] = [0.025, 0.05, 0.1, 0.25, 1]

type Counts = { requests: number; errors: number; assigned: number; readonly buckets: number[] }

export type SimulatedUsers = {
  /** Lets the users' requests up to now happen, by what holds since the last time. Call it before anything changes. */
  readonly passTime: (service: string) => void
  readonly series: (service: string) => readonly CounterSeries[]
  /** The latency buckets of an hour of blue, as they were when this was first asked for. */
  readonly blueLatency: (service: string) => readonly CounterSeries[]
  readonly setAnswering: (service: string, side: Side, answering: Answering) => void
  readonly setRate: (service: string, requestsPerSecond: number) => void
  /** A counter restarts from 0, as that of a router that was started again. */
  readonly reset: (service: string) => void
  readonly counts: (service: string, side: Side) => { readonly requests: number; readonly errors: number }
  /** Since when green fails every request that it gets; null: it does not. */
  readonly failingSince: (service: string) => Millis | null
}

export type UsersOf = {
  readonly service: string
  readonly requestsPerSecond: number
  readonly answering: Readonly<Record<Side, Answering>>
  /** Of its latency buckets, in seconds, ascending. Absent: `latencyBounds`. */
  readonly bounds?: readonly number[]
}

const sides = ['blue', 'green'] as const

/** The share of answers that take longer than each bound. */
const tailsOf = ({ latencyMs, latencySpread }: Answering, bounds: readonly number[]): readonly number[] =>
  bounds.map((bound) => upperTail(Math.log((bound * 1_000) / latencyMs) / latencySpread))

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
  failingSince: Millis | null
  readonly answering: Record<Side, Answering>
  readonly tails: Record<Side, readonly number[]>
  readonly counts: Record<Side, Counts>
  readonly bounds: readonly number[]
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
    options.users.map(({ service, requestsPerSecond, answering, bounds = latencyBounds }): [string, State] => [
      service,
      {
        requestsPerSecond,
        upTo: now(),
        failingSince: null,
        answering: { ...answering },
        bounds,
        tails: { blue: tailsOf(answering.blue, bounds), green: tailsOf(answering.green, bounds) },
        counts: { blue: newCounts(bounds), green: newCounts(bounds) },
        names: { blue: namesOf(service, 'blue', bounds), green: namesOf(service, 'green', bounds) },
      },
    ]),
  )
  const of = (service: string): State => {
    const state = states.get(service)
    if (state === undefined) throw new Error(`nobody uses ${service}`)
    return state
  }

  const latencies = new Map<string, readonly CounterSeries[]>()
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
        // Written out: there are many, each time, and to copy one by its members costs three times as much.
        return names[side].map(({ series, measure, le }, index): CounterSeries => {
          const value = values[index] ?? 0
          return le === undefined
            ? { series, service, side, measure, value }
            : { series, service, side, measure, le, value }
        })
      })
    },
    blueLatency: (service) => {
      const { requestsPerSecond, tails, names } = of(service)
      const known = latencies.get(service)
      if (known !== undefined) return known
      const requests = requestsPerSecond * 3_600
      const buckets = names.blue.filter(({ measure }) => measure === 'bucket')
      const series = buckets.map((name, index) => ({
        ...name,
        value: Math.round(requests * (1 - (tails.blue[index] ?? 0))),
      }))
      latencies.set(service, series)
      return series
    },
    setAnswering: (service, side, answering) => {
      passTime(service)
      const state = of(service)
      state.answering[side] = answering
      state.tails[side] = tailsOf(answering, state.bounds)
      if (side === 'green') state.failingSince = answering.errorRatio < 1 ? null : (state.failingSince ?? now())
    },
    setRate: (service, requestsPerSecond) => {
      passTime(service)
      of(service).requestsPerSecond = requestsPerSecond
    },
    reset: (service) => {
      passTime(service)
      const { counts, bounds } = of(service)
      for (const side of sides) counts[side] = newCounts(bounds)
    },
    counts: (service, side) => {
      passTime(service)
      return of(service).counts[side]
    },
    failingSince: (service) => states.get(service)?.failingSince ?? null,
  }
}

const newCounts = (bounds: readonly number[]): Counts => ({
  requests: 0,
  errors: 0,
  assigned: 0,
  buckets: bounds.map(() => 0),
})

const namesOf = (service: string, side: Side, bounds: readonly number[]): readonly Omit<CounterSeries, 'value'>[] => {
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
    ...[...bounds, Number.POSITIVE_INFINITY].map((le) => ({ ...of('bucket', `le=${le}`), le })),
  ]
}
