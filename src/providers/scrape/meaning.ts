import type { CounterSeries, GaugeSeries } from '../../engine/ports.ts'
import type { Side } from '../../moves/goal.ts'
import { canonicalSeries, type Format, type Labels } from './sample-line.ts'

/** The names of metrics and labels at the sources, as the release file says them or leaves them at their defaults. */
export type MetricNames = {
  /** The labels of the service and of the environment. */
  readonly service: string
  readonly side: string
  /** Values of the label `side`; null: the environment's name. */
  readonly blue: string | null
  readonly green: string | null
  readonly requests: string
  readonly code: string
  /** Regular expression that must match the whole value of the label `code`. */
  readonly failed: string
  readonly assigned: string
  /** Without `_bucket`. */
  readonly latency: string
  readonly workTaken: string
  readonly workDone: string
  readonly workFailed: string
  readonly gauges: readonly string[]
}

/** All that is known of a series before its value. */
export type Meaning = {
  readonly counters: readonly Omit<CounterSeries, 'value'>[]
  readonly gauge: Omit<GaugeSeries, 'value'> | null
}

export type Interpreter = {
  readonly meaningOf: (name: string, labels: Labels) => Meaning | null
  readonly typeFault: (family: string, type: string, format: Format) => string | null
}

/**
 * The code with which the router counts a request whose user left before the answer. Unless `failed` matches it, it is
 * neither finished nor an error: that users leave says nothing about the service by itself. It stays assigned, so a side on
 * which they leave more often (because it hangs) finishes less of what it was given, which the judge of throughput sees.
 */
export const abortCode = 'abort'

/** The label of single replicas. Where a source has it, blue's replicas tell how noisy blue is. */
const replicaLabel = 'replica'

type Role = 'requests' | 'assigned' | 'bucket' | 'workTaken' | 'workDone' | 'workFailed' | 'gauge'

/**
 * What the series of a source mean, by their names:
 * - `requests`: finished requests by `code`; those whose whole code matches `failed` are errors too; see `abortCode`.
 * - `assigned`: requests that the router gave to a side.
 * - `latency` + `_bucket`: cumulative counts by `le`, in seconds.
 * - `workTaken`, `workFailed`, `workDone`: a worker's requests, errors and finished items.
 * - `gauges`: kept under their own names.
 * A series without the label of the service, or of neither side's environment, is not of this release. A gauge may be of no side.
 */
export const createInterpreter = (options: {
  readonly source: string
  readonly names: MetricNames
  readonly sides: Readonly<Record<Side, string>>
}): Interpreter => {
  const { names } = options
  // The source is told by the first word of a series.
  const source = options.source.replaceAll(/\s/g, '_')
  const failed = new RegExp(`^(?:${names.failed})$`)
  const sides = new Map<string, Side>([
    [names.blue ?? options.sides.blue, 'blue'],
    [names.green ?? options.sides.green, 'green'],
  ])
  const bucket = `${names.latency}_bucket`
  const roles = new Map<string, Role>([
    ...names.gauges.map((gauge): [string, Role] => [gauge, 'gauge']),
    [names.requests, 'requests'],
    [names.assigned, 'assigned'],
    [bucket, 'bucket'],
    [names.workTaken, 'workTaken'],
    [names.workDone, 'workDone'],
    [names.workFailed, 'workFailed'],
  ])

  const measuresOf = (role: Exclude<Role, 'gauge' | 'bucket'>, labels: Labels): readonly CounterSeries['measure'][] => {
    switch (role) {
      case 'requests': {
        const code = labels.get(names.code) ?? ''
        if (failed.test(code)) return ['requests', 'errors']
        return code === abortCode ? [] : ['requests']
      }
      case 'assigned':
        return ['assigned']
      case 'workTaken':
        return ['requests']
      case 'workDone':
        return ['done']
      case 'workFailed':
        return ['errors']
      default:
        return role satisfies never
    }
  }

  return {
    meaningOf: (metric, labels) => {
      const role = roles.get(metric)
      const service = labels.get(names.service)
      if (role === undefined || service === undefined) return null
      const environment = labels.get(names.side)
      const side = environment === undefined ? null : (sides.get(environment) ?? 'another')
      if (side === 'another') return null
      if (role === 'gauge') return { counters: [], gauge: { service, side, name: metric } }
      if (side === null) return null
      const series = `${source} ${canonicalSeries(metric, labels)}`
      const name = labels.get(replicaLabel)
      const replica = name === undefined || name === '' ? {} : { replica: name }
      if (role === 'bucket') {
        const le = boundOf(labels.get('le'))
        if (le === null) return null
        return { counters: [{ series, service, side, measure: 'bucket', le, ...replica }], gauge: null }
      }
      const measures = measuresOf(role, labels)
      if (measures.length === 0) return null
      // One line of a source may count for two measures; each is a series of its own.
      const counters = measures.map((measure, index) => ({
        series: index === 0 ? series : `${series} ${measure}`,
        service,
        side,
        measure,
        ...replica,
      }))
      return { counters, gauge: null }
    },
    typeFault: (family, type, format) => {
      if (type === 'untyped' || type === 'unknown') return null
      const isHistogram = family === names.latency
      const role = roles.get(family) ?? (format === 'openmetrics' ? roles.get(`${family}_total`) : undefined)
      if (role === undefined && !isHistogram) return null
      const expected = isHistogram ? 'histogram' : role === 'gauge' ? 'gauge' : 'counter'
      return type === expected ? null : `${family} is a ${type} there, but a ${expected} is needed`
    },
  }
}

const boundOf = (le: string | undefined): number | null => {
  if (le === undefined || le === '') return null
  const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)
  return Number.isNaN(bound) ? null : bound
}
