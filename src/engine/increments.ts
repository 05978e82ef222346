import type { Arm, Histogram } from '../judge/sample.ts'
import type { Side } from '../moves/goal.ts'
import type { CounterSeries, MetricsSnapshot } from './ports.ts'

/**
 * The last value of every series that was ever seen, and the sources from which anything was. A series that is new
 * in a known source counts from 0; everything of a new source is only a starting point.
 */
export type Baselines = { readonly values: ReadonlyMap<string, number>; readonly sources: ReadonlySet<string> }

export const noBaselines: Baselines = { values: new Map(), sources: new Set() }

/** What one side of one service did between two snapshots. */
export type SideIncrements = { readonly arm: Arm; readonly assigned: number | null }

export type Increments = ReadonlyMap<string, Readonly<Record<Side, SideIncrements | null>>>

/** The source is the first word of a series; see `CounterSeries`. */
const sourceOf = (series: string): string => series.slice(0, series.indexOf(' '))

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
 */
export const takeIncrements = (
  before: Baselines,
  snapshot: MetricsSnapshot,
): { readonly increments: Increments; readonly baselines: Baselines } => {
  const values = new Map(before.values)
  const sources = new Set(before.sources)
  const sums = new Map<string, Partial<Record<Side, Sums>>>()
  for (const series of snapshot.counters) {
    const source = sourceOf(series.series)
    sources.add(source)
    const last = before.values.get(series.series)
    const fresh = before.sources.has(source) ? series.value : 0
    const increment = last === undefined ? fresh : series.value < last ? series.value : series.value - last
    values.set(series.series, series.value)
    const sides = sums.get(series.service) ?? {}
    const own = sides[series.side] ?? { requests: 0, errors: 0, assigned: null, done: null, buckets: new Map() }
    add(own, series, increment)
    sums.set(series.service, { ...sides, [series.side]: own })
  }
  const increments = new Map<string, Record<Side, SideIncrements | null>>()
  for (const [service, { blue, green }] of sums)
    increments.set(service, {
      blue: blue === undefined ? null : finish(blue),
      green: green === undefined ? null : finish(green),
    })
  return { increments, baselines: { values, sources } }
}

/** What a side's latency histogram holds in all, since its processes began; null: it has none. */
export const totalHistogram = (snapshot: MetricsSnapshot, service: string, side: Side): Histogram | null => {
  const buckets = new Map<number, number>()
  for (const series of snapshot.counters)
    if (series.measure === 'bucket' && series.service === service && series.side === side && series.le !== undefined)
      buckets.set(series.le, (buckets.get(series.le) ?? 0) + series.value)
  return histogramOf(buckets)
}
