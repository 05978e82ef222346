import type { CounterSeries, GaugeSeries, Metrics } from '../../engine/ports.ts'
import { bug } from '../../errors.ts'
import type { Millis, Side } from '../../moves/goal.ts'
import { createExpositionReader } from './exposition.ts'
import { fetchText } from './fetch-text.ts'
import { createInterpreter, type Meaning, type MetricNames } from './meaning.ts'

export type ScraperOptions = {
  /** `name` is what people are told, and is unique; `url` is the whole address, mostly ending in `/metrics`. */
  readonly sources: readonly { readonly name: string; readonly url: string }[]
  readonly names: MetricNames
  /** The environments' names; `names.blue` and `names.green` win. */
  readonly sides: Readonly<Record<Side, string>>
  readonly clock: { readonly now: () => Millis }
  /** For each source; a read that is aborted earlier gives what has come until then. */
  readonly timeoutMs?: number
  readonly maxBytes?: number
}

type Taken = { readonly counters: CounterSeries[]; readonly gauges: GaugeSeries[] }
type SourceRead = ({ readonly kind: 'ok' } & Taken) | { readonly kind: 'failed'; readonly because: string }

const defaultTimeoutMs = 2_000
const defaultMaxBytes = 16 * 1024 * 1024

/**
 * Reads `/metrics` addresses in the text format of Prometheus or in OpenMetrics. A source that can't be read to its end counts
 * as missing, whole: half of a text would look like counters that vanished.
 */
export const createScraper = (options: ScraperOptions): Metrics => {
  const { clock, timeoutMs = defaultTimeoutMs, maxBytes = defaultMaxBytes } = options
  if (new Set(options.sources.map(({ name }) => name)).size < options.sources.length)
    throw bug(`two sources of metrics have one name: ${options.sources.map(({ name }) => name).join(', ')}`)
  const sources = options.sources.map(({ name, url }) => ({
    name,
    read: createSource(createInterpreter({ source: name, names: options.names, sides: options.sides }), (signal) =>
      fetchText(url, { maxBytes, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) }),
    ),
  }))

  return {
    read: async (signal) => {
      const at = clock.now()
      const reads = await Promise.all(sources.map(async ({ name, read }) => ({ name, read: await read(signal) })))
      const missing = reads.flatMap(({ name, read }) =>
        read.kind === 'failed' ? [{ source: name, because: read.because }] : [],
      )
      if (missing.length === reads.length) {
        const because = missing.map(({ source, because }) => `${source}: ${because}`).join('; ')
        return { kind: 'unknown', because: because === '' ? 'there is no source of metrics' : because }
      }
      const taken = reads.flatMap(({ read }) => (read.kind === 'ok' ? [read] : []))
      const value = {
        at,
        // There may be 100,000 of them: `concat` copies them at once, `flatMap` one by one.
        counters: new Array<CounterSeries>().concat(...taken.map(({ counters }) => counters)),
        gauges: new Array<GaugeSeries>().concat(...taken.map(({ gauges }) => gauges)),
        missing,
      }
      return { kind: 'ok', value }
    },
  }
}

const createSource = (
  interpreter: ReturnType<typeof createInterpreter>,
  fetch: (signal: AbortSignal) => ReturnType<typeof fetchText>,
): ((signal: AbortSignal) => Promise<SourceRead>) => {
  const reader = createExpositionReader<Meaning>(interpreter)
  return async (signal) => {
    const fetched = await fetch(signal)
    if (fetched.kind === 'failed') return fetched
    const taken: Taken = { counters: [], gauges: [] }
    let odd: string | null = null
    const result = reader.read(fetched.text, fetched.format, (meaning, value) => {
      odd ??= take(taken, meaning, value)
    })
    if (result.kind === 'fault') return { kind: 'failed', because: `line ${result.line}: ${result.because}` }
    return odd === null ? { kind: 'ok', ...taken } : { kind: 'failed', because: odd }
  }
}

/** null, or why the value can't be. */
const take = ({ counters, gauges }: Taken, { counters: known, gauge }: Meaning, value: number): string | null => {
  // A gauge that is not a number says that there was nothing to measure.
  if (gauge !== null && Number.isFinite(value)) gauges.push({ ...gauge, value })
  for (const meant of known) {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) return `${meant.series} is ${value}, which no counter can be`
    counters.push(seriesOf(meant, value))
  }
  return null
}

/** There are tens of thousands: written out member by member, each has room for just what it has. */
const seriesOf = (
  { series, service, side, measure, le, replica }: Omit<CounterSeries, 'value'>,
  value: number,
): CounterSeries => {
  if (le === undefined)
    return replica === undefined
      ? { series, service, side, measure, value }
      : { series, service, side, measure, replica, value }
  return replica === undefined
    ? { series, service, side, measure, le, value }
    : { series, service, side, measure, le, replica, value }
}
