import type { Arm, Histogram } from '../judge/sample.ts'
import type { Side } from '../moves/goal.ts'
import type { CounterSeries, MetricsSnapshot } from './ports.ts'

/**
 * The last value of every series that was ever seen, and the sources from which anything was. A series that is new
 * in a known source counts from 0; everything of a new source is only a starting point. Changed in place: a copy of
 * tens of thousands of series at each scrape would cost more than all the judging.
 */
export type Baselines = {
  readonly values: Map<string, Baseline>
  readonly sources: Set<string>
  /** Those of the last snapshot, in its order: the next one mostly has the same series, and then none is looked up. */
  readonly inOrder: Baseline[]
}
type Baseline = { readonly series: string; last: number }

export const noBaselines = (): Baselines => ({ values: new Map(), sources: new Set(), inOrder: [] })

/** What one side of one service did between two snapshots. */
export type SideIncrements = { readonly arm: Arm; readonly assigned: number | null }

export type Increments = ReadonlyMap<string, Readonly<Record<Side, SideIncrements | null>>>

type Sums = {
  requests: number
  errors: number
  assigned: number | null
  done: number | null
  buckets: Map<number, number>
}

const add = (sums: Sums, { measure, le }: CounterSeries, increment: number): void => {
  switch (measure) {
    case 'requests':
      sums.requests += increment
      return
    case 'errors':
      sums.errors += increment
      return
    case 'assigned':
      sums.assigned = (sums.assigned ?? 0) + increment
      return
    case 'done':
      sums.done = (sums.done ?? 0) + increment
      return
    case 'bucket':
      if (le !== undefined) sums.buckets.set(le, (sums.buckets.get(le) ?? 0) + increment)
      return
    default:
      measure satisfies never
  }
}

/** Cumulative bucket counts by upper bound in seconds (+Inf included) as the judge's histogram in milliseconds; null without buckets. */
export const histogramOf = (buckets: ReadonlyMap<number, number>): Histogram | null => {
  const count = buckets.get(Number.POSITIVE_INFINITY)
  if (count === undefined) return null
  const bounds = [...buckets.keys()].filter(Number.isFinite).sort((a, b) => a - b)
  return {
    boundsMs: bounds.map((bound) => bound * 1000),
    atOrBelow: bounds.map((bound) => buckets.get(bound) ?? 0),
    count,
  }
}

const finish = (sums: Sums): SideIncrements => ({
  arm: {
    requests: sums.requests,
    errors: sums.errors,
    latency: histogramOf(sums.buckets),
    ...(sums.done === null ? {} : { business: { done: sums.done } }),
  },
  assigned: sums.assigned,
})

/**
 * Differences per series, then sums per service and side. A drop means that the counter restarted: the increment is the
 * new value. A side of which the snapshot has no series at all was not measured: null, which is not the same as zero.
 * Brings `baselines` up to the snapshot.
 */
export const takeIncrements = (baselines: Baselines, snapshot: MetricsSnapshot): Increments => {
  const slices = incrementsInSlices(baselines, snapshot, Number.POSITIVE_INFINITY)
  for (;;) {
    const slice = slices.next()
    if (slice.done === true) return slice.value
  }
}

/** Summing up one service costs about as much as so many series. */
const seriesOfOne = 10

/** The same, yielding after so many series, so that whoever has very many of them can let others go first. */
export function* incrementsInSlices(
  baselines: Baselines,
  snapshot: MetricsSnapshot,
  size: number,
): Generator<void, Increments> {
  const { values, sources, inOrder } = baselines
  const known = new Set(sources)
  // Series of a source stand together: its name is cut out once for all of them.
  let prefix = ''
  let isKnown = false
  let service: string | null = null
  let sides: Partial<Record<Side, Sums>> = {}
  const sums = new Map<string, Partial<Record<Side, Sums>>>()
  let seen = 0
  for (const series of snapshot.counters) {
    seen += 1
    if (seen % size === 0) yield
    if (prefix === '' || !series.series.startsWith(prefix)) {
      // The source is the first word of a series; see `CounterSeries`.
      prefix = series.series.slice(0, series.series.indexOf(' ') + 1)
      isKnown = known.has(prefix)
      sources.add(prefix)
    }
    const { value } = series
    const expected = inOrder[seen - 1]
    const own = expected?.series === series.series ? expected : values.get(series.series)
    const fresh = isKnown ? value : 0
    const increment = own === undefined ? fresh : value < own.last ? value : value - own.last
    const baseline = own ?? { series: series.series, last: value }
    if (own === undefined) values.set(series.series, baseline)
    else own.last = value
    if (baseline !== expected) inOrder[seen - 1] = baseline
    if (series.service !== service) {
      service = series.service
      sides = sums.get(service) ?? {}
      sums.set(service, sides)
    }
    sides[series.side] ??= { requests: 0, errors: 0, assigned: null, done: null, buckets: new Map() }
    add(sides[series.side] as Sums, series, increment) // set in the line above
  }
  const increments = new Map<string, Record<Side, SideIncrements | null>>()
  for (const [service, { blue, green }] of sums) {
    seen += seriesOfOne
    if (seen % size < seriesOfOne) yield
    increments.set(service, {
      blue: blue === undefined ? null : finish(blue),
      green: green === undefined ? null : finish(green),
    })
  }
  return increments
}

/** What each service's latency histogram on one side holds in all, since its processes began. */
export const totalHistograms = (snapshot: MetricsSnapshot, side: Side): ReadonlyMap<string, Histogram | null> => {
  const buckets = new Map<string, Map<number, number>>()
  for (const { measure, service, side: of, le, value } of snapshot.counters) {
    if (measure !== 'bucket' || of !== side || le === undefined) continue
    const own = buckets.get(service) ?? new Map<number, number>()
    if (!buckets.has(service)) buckets.set(service, own)
    own.set(le, (own.get(le) ?? 0) + value)
  }
  return new Map([...buckets].map(([service, own]) => [service, histogramOf(own)]))
}
