import { type Millis, type Side, sides } from '../../moves/goal.ts'

/** Upper bounds of the duration histogram, in seconds: 1 ms to 10 s, each at most 2 times the one before. */
export const durationBounds = [
  0.001, 0.0015, 0.0025, 0.004, 0.006, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.15, 0.25, 0.4, 0.6, 1, 1.5, 2.5, 4, 6, 10,
] as const

/**
 * How a request ended: the status that the user got; or `hang` (no answer within the limit, the user got 504), `abort`
 * (the user left first), `502` (the replica could not be reached or broke off, also in the middle of an answer), `503`
 * (no replica). The last two can't be told from a replica's own 502 and 503: all of them are failures.
 */
export type Code = string

/** The counters of one service on one side, kept apart by replica: how much replicas differ says how noisy the side is. */
export type TrafficCounters = {
  /** `replica` null: there was none. */
  assign(replica: string | null): void
  /** `seconds` null: how long it took says nothing (an endless stream). */
  finish(replica: string | null, code: Code, seconds: number | null): void
  /** Requests with the test header or cookie: no user's, so that they never become evidence. */
  finishTest(code: Code): void
  /** Forgets replicas that are neither listed nor were used for a while. */
  read(): {
    /** By the replica's name; the empty name, for requests that found none, is always there. */
    readonly replicas: ReadonlyMap<string, ReplicaFigures>
    readonly tests: ReadonlyMap<Code, number>
  }
}

export type ReplicaFigures = {
  readonly assigned: number
  readonly finished: ReadonlyMap<Code, number>
  /** Per bound, then all; not cumulated. */
  readonly buckets: readonly number[]
  readonly sum: number
}

/** Written on the hot path: plain numbers, and one look-up by name. */
type Figures = {
  assigned: number
  readonly finished: Map<Code, number>
  readonly buckets: number[]
  sum: number
  usedAt: Millis
}

const newFigures = (now: Millis): Figures => ({
  assigned: 0,
  // There from the first scrape on, so that the first failure is seen as a step from nothing.
  finished: new Map<Code, number>([['200', 0]]),
  buckets: Array.from({ length: durationBounds.length + 1 }, () => 0),
  sum: 0,
  usedAt: now,
})

/**
 * How long the series of a replica stay after its end. Readers take differences of each series, so that one which
 * leaves is no step back; long before that, its last counts were read.
 */
export const forgottenAfterMs: Millis = 600_000

export const createTrafficCounters = (
  lists: (replica: string) => boolean = () => false,
  now: () => Millis = Date.now,
): TrafficCounters => {
  const replicas = new Map<string, Figures>([['', newFigures(now())]])
  const tests = new Map<Code, number>()
  const figuresOf = (replica: string | null): Figures => {
    const name = replica ?? ''
    const known = replicas.get(name)
    const figures = known ?? newFigures(0)
    if (known === undefined) replicas.set(name, figures)
    figures.usedAt = now()
    return figures
  }
  return {
    assign: (replica) => {
      figuresOf(replica).assigned++
    },
    finish: (replica, code, seconds) => {
      const figures = figuresOf(replica)
      const { finished, buckets } = figures
      finished.set(code, (finished.get(code) ?? 0) + 1)
      if (seconds === null) return
      figures.sum += seconds
      let index = 0
      while (index < durationBounds.length && seconds > (durationBounds[index] ?? 0)) index++
      buckets[index] = (buckets[index] ?? 0) + 1
    },
    finishTest: (code) => {
      tests.set(code, (tests.get(code) ?? 0) + 1)
    },
    read: () => {
      const before = now() - forgottenAfterMs
      for (const [name, { usedAt }] of replicas)
        if (name !== '' && usedAt < before && !lists(name)) replicas.delete(name)
      return { replicas, tests }
    },
  }
}

/** What is shown of one service, at one moment. */
export type ServiceFigures = {
  readonly service: string
  readonly green: number
  readonly effectiveGreen: number
  readonly sides: Readonly<
    Record<Side, { readonly environment: string; readonly ready: boolean; readonly counters: TrafficCounters }>
  >
}

type Family = readonly [name: string, type: 'counter' | 'gauge' | 'histogram', help: string]
const families = {
  requests: ['titrate_requests_total', 'counter', 'Requests that ended, by status or by hang, abort, 502, 503.'],
  assigned: ['titrate_assigned_total', 'counter', 'Requests that were given to an environment, finished or not.'],
  tests: ['titrate_test_requests_total', 'counter', 'Requests with the test header or cookie; in no other counter.'],
  duration: ['titrate_request_duration_seconds', 'histogram', 'From the request until its answer was sent.'],
  weight: ['titrate_weight', 'gauge', 'The share of green that is set, in percent.'],
  effective: ['titrate_effective_weight', 'gauge', 'The share of green in force: 0 while only blue is ready.'],
  ready: ['titrate_ready', 'gauge', 'Whether a replica is ready there.'],
} as const satisfies Record<string, Family>

/** In the text format of Prometheus. */
export const renderMetrics = (services: readonly ServiceFigures[]): string => {
  const perSide = (family: Family, lines: (labels: string, figures: ServiceFigures, side: Side) => string[]) => [
    ...headOf(family),
    ...services.flatMap((figures) =>
      sides.flatMap((side) =>
        lines(labelsOf({ service: figures.service, environment: figures.sides[side].environment }), figures, side),
      ),
    ),
  ]
  const perService = (family: Family, value: (figures: ServiceFigures) => number) => [
    ...headOf(family),
    ...services.map((figures) => `${family[0]}{${labelsOf({ service: figures.service })}} ${value(figures)}`),
  ]
  const byCode = (name: string, labels: string, codes: ReadonlyMap<Code, number>) =>
    [...codes].map(([code, count]) => `${name}{${labels},code="${escaped(code)}"} ${count}`)
  const perReplica = (family: Family, lines: (labels: string, figures: ReplicaFigures) => string[]) =>
    perSide(family, (labels, { sides }, side) =>
      [...sides[side].counters.read().replicas].flatMap(([replica, figures]) =>
        lines(replica === '' ? labels : `${labels},${labelsOf({ replica })}`, figures),
      ),
    )
  return [
    ...perReplica(families.requests, (labels, { finished }) => byCode(families.requests[0], labels, finished)),
    ...perReplica(families.assigned, (labels, { assigned }) => [`${families.assigned[0]}{${labels}} ${assigned}`]),
    ...perSide(families.tests, (labels, { sides }, side) =>
      byCode(families.tests[0], labels, sides[side].counters.read().tests),
    ),
    ...perReplica(families.duration, histogram),
    ...perService(families.weight, ({ green }) => green),
    ...perService(families.effective, ({ effectiveGreen }) => effectiveGreen),
    ...perSide(families.ready, (labels, { sides }, side) => [
      `${families.ready[0]}{${labels}} ${sides[side].ready ? 1 : 0}`,
    ]),
    '',
  ].join('\n')
}

const histogram = (labels: string, { buckets, sum }: ReplicaFigures): string[] => {
  const name = families.duration[0]
  let count = 0
  const lines = buckets.map((inBucket, index) => {
    count += inBucket
    return `${name}_bucket{${labels},le="${durationBounds[index] ?? '+Inf'}"} ${count}`
  })
  return [...lines, `${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${count}`]
}

const headOf = ([name, type, help]: Family): string[] => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]

const labelsOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
