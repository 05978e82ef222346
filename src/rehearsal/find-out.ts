import { noBaselines, takeIncrements, totalHistograms } from '../engine/increments.ts'
import type { CounterSeries, MetricsSnapshot, Run } from '../engine/ports.ts'
import type { Histogram } from '../judge/sample.ts'
import type { Millis } from '../moves/goal.ts'
import type { Finding, Known } from './assumption.ts'

type Found = Known & { readonly source: 'measured' | 'recorded' }
type Source = Found['source']

/** Fewer requests than this say nothing of how often they fail, and fewer answers nothing of how long they take. */
const leastRequests = 1_000
const leastRuns = 3

/** The time that a share of the answers takes at most, between two bounds on a logarithmic scale; null: beyond all bounds. */
export const quantileOf = ({ boundsMs, atOrBelow, count }: Histogram, share: number): Millis | null => {
  const wanted = share * count
  const index = atOrBelow.findIndex((n) => n >= wanted)
  const [bound, n] = [boundsMs[index], atOrBelow[index]]
  if (bound === undefined || n === undefined) return null
  const [below, nBelow] = [boundsMs[index - 1] ?? bound / 4, atOrBelow[index - 1] ?? 0]
  const part = n === nBelow ? 1 : (wanted - nBelow) / (n - nBelow)
  return below * (bound / below) ** part
}

const latencyOf = (histogram: Histogram | null, source: Source): Finding => {
  if (histogram === null || histogram.count < leastRequests) return {}
  const [median, tail] = [quantileOf(histogram, 0.5), quantileOf(histogram, 0.99)]
  const note = `of ${histogram.count} answers`
  return {
    bounds: histogram.boundsMs.map((ms) => ms / 1_000),
    ...(median === null ? {} : { latency: { value: median, source, note } }),
    ...(median === null || tail === null ? {} : { tail: { value: Math.max(tail, median * 1.1), source, note } }),
  }
}

const errorsOf = (errors: number, requests: number, source: Source): Finding =>
  requests < leastRequests ? {} : { errors: { value: errors / requests, source, note: `${errors} of ${requests}` } }

const blueTotals = (counters: readonly CounterSeries[]): ReadonlyMap<string, { requests: number; errors: number }> => {
  const totals = new Map<string, { requests: number; errors: number }>()
  for (const { service, side, measure, value } of counters) {
    if (side !== 'blue' || (measure !== 'requests' && measure !== 'errors')) continue
    const own = totals.get(service) ?? { requests: 0, errors: 0 }
    own[measure] += value
    totals.set(service, own)
  }
  return totals
}

/** What two scrapes of what runs now tell: rates from their difference, the rest from all that was counted since its start. */
export const findInMetrics = (first: MetricsSnapshot, second: MetricsSnapshot): ReadonlyMap<string, Finding> => {
  const seconds = (second.at - first.at) / 1_000
  const baselines = noBaselines()
  takeIncrements(baselines, first)
  const increments = takeIncrements(baselines, second)
  const histograms = totalHistograms(second, 'blue')
  const found = new Map<string, Finding>()
  for (const [service, { requests, errors }] of blueTotals(second.counters)) {
    const rate = (increments.get(service)?.blue?.arm.requests ?? 0) / seconds
    found.set(service, {
      ...errorsOf(errors, requests, 'measured'),
      ...latencyOf(histograms.get(service) ?? null, 'measured'),
      ...(rate > 0 ? { rate: { value: rate, source: 'measured', note: `over ${Math.round(seconds)} s` } } : {}),
    })
  }
  return found
}

/** What some replicas of blue did in one interval, as an earlier engine of this release recorded it. */
export type RecordedBlue = {
  readonly service: string
  readonly durationMs: Millis
  readonly requests: number
  readonly errors: number
  readonly latency: Histogram | null
}

const addHistograms = (a: Histogram | null, b: Histogram | null): Histogram | null => {
  if (a === null || b === null) return a ?? b
  if (a.boundsMs.length !== b.boundsMs.length) return a
  return { ...a, atOrBelow: a.atOrBelow.map((n, index) => n + (b.atOrBelow[index] ?? 0)), count: a.count + b.count }
}

/** What this release's own journal tells of blue before it crossed. */
export const findInRecords = (rows: readonly RecordedBlue[]): ReadonlyMap<string, Finding> =>
  new Map(
    [...Map.groupBy(rows, ({ service }) => service)].map(([service, own]) => {
      const sum = (of: (row: RecordedBlue) => number): number => own.reduce((total, row) => total + of(row), 0)
      const [requests, errors, ms] = [
        sum((row) => row.requests),
        sum((row) => row.errors),
        sum((row) => row.durationMs),
      ]
      const latency = own.reduce<Histogram | null>((all, row) => addHistograms(all, row.latency), null)
      const note = `over ${Math.round(ms / 1_000)} s`
      const finding: Finding = {
        ...errorsOf(errors, requests, 'recorded'),
        ...latencyOf(latency, 'recorded'),
        ...(requests > 0 ? { rate: { value: (1_000 * requests) / ms, source: 'recorded', note } } : {}),
      }
      return [service, finding]
    }),
  )

/** What the environment still knows of a schedule's runs. */
export const findInRuns = (runs: readonly Run[]): Finding => {
  const ended = runs.filter(({ tick, result }) => tick !== null && result !== 'running')
  if (ended.length < leastRuns) return {}
  const lengths = ended.map(({ startedAt, endedAt }) => (endedAt ?? startedAt) - startedAt).toSorted((a, b) => a - b)
  const value = Math.max(1, lengths[Math.floor(lengths.length / 2)] ?? 0)
  return { run: { value, source: 'measured', note: `the middle one of ${ended.length} runs` } }
}

/** What the first of several knows of a service, each key by itself. */
export const mergeFindings = (...sources: readonly ReadonlyMap<string, Finding>[]): ReadonlyMap<string, Finding> => {
  const merged = new Map<string, Finding>()
  for (const source of sources.toReversed())
    for (const [service, finding] of source) merged.set(service, { ...merged.get(service), ...finding })
  return merged
}
