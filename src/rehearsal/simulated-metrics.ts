import type { CounterSeries, GaugeSeries, Metrics, MetricsSnapshot } from '../engine/ports.ts'
import type { Millis, Side } from '../moves/goal.ts'
import { type Caller, look } from './simulated-calls.ts'

/**
 * What may be wrong with the metrics of a service, for a time: `absent` (its source gives nothing), `green absent`,
 * `blue absent`, `stale` (the same values again), `partial` (only its counters, no histogram).
 */
export const metricsTroubles = ['absent', 'green absent', 'blue absent', 'stale', 'partial'] as const
export type MetricsTrouble = (typeof metricsTroubles)[number]

export type SimulatedMetrics = {
  readonly portsFor: (caller: Caller) => Metrics
  /** null: all is well again. */
  readonly trouble: (service: string, kind: MetricsTrouble | null) => void
  /** No source answers at all while it is set. */
  readonly cutOff: (cut: boolean) => void
  /** Since when nothing of this service's green can be seen; null: it can. */
  readonly blindSince: (service: string) => Millis | null
  /** When anything was wrong with what is measured of this service for the last time; null: never. */
  readonly wrongUntil: (service: string) => Millis | null
}

type Measured = {
  readonly service: string
  readonly series: () => readonly CounterSeries[]
  readonly gauges: () => readonly GaugeSeries[]
}

/** One scrape of everything that is measured, with what may be wrong with it. */
export const createSimulatedMetrics = (options: {
  readonly now: () => Millis
  readonly measured: readonly Measured[]
}): SimulatedMetrics => {
  const troubles = new Map<string, MetricsTrouble>()
  const last = new Map<string, readonly CounterSeries[]>()
  const greenGoneAt = new Map<string, Millis>()
  const wellAgainAt = new Map<string, Millis>()
  let cutOffAt: Millis | null = null
  let answersAgainAt: Millis | null = null

  const without =
    (side: Side) =>
    (series: CounterSeries): boolean =>
      series.side !== side
  const seriesOf = ({ service, series }: Measured): readonly CounterSeries[] => {
    const trouble = troubles.get(service)
    switch (trouble) {
      case undefined: {
        const all = series()
        last.set(service, all)
        return all
      }
      case 'absent':
        return []
      case 'green absent':
        return series().filter(without('green'))
      case 'blue absent':
        return series().filter(without('blue'))
      case 'stale':
        return last.get(service) ?? []
      case 'partial':
        return series().filter(({ measure }) => measure !== 'bucket')
      default:
        return trouble satisfies never
    }
  }
  const scrape = (): MetricsSnapshot => ({
    at: options.now(),
    counters: options.measured.flatMap(seriesOf),
    gauges: options.measured.flatMap(({ gauges }) => gauges()),
    missing: [...troubles].map(([source, because]) => ({ source, because })),
  })
  return {
    portsFor: (caller) => ({
      read: (signal) =>
        look(caller, 'read metrics', signal, () =>
          cutOffAt !== null ? { kind: 'unknown', because: 'no source answers' } : { kind: 'ok', value: scrape() },
        ),
    }),
    trouble: (service, kind) => {
      if (kind !== null) troubles.set(service, kind)
      else if (troubles.delete(service)) wellAgainAt.set(service, options.now())
      if (kind !== 'absent' && kind !== 'green absent') greenGoneAt.delete(service)
      else if (!greenGoneAt.has(service)) greenGoneAt.set(service, options.now())
    },
    cutOff: (cut) => {
      if (!cut && cutOffAt !== null) answersAgainAt = options.now()
      cutOffAt = cut ? (cutOffAt ?? options.now()) : null
    },
    wrongUntil: (service) => {
      if (cutOffAt !== null || troubles.has(service)) return options.now()
      const ends = [answersAgainAt, wellAgainAt.get(service)].filter((at) => at != null)
      return ends.length === 0 ? null : Math.max(...ends)
    },
    blindSince: (service) => {
      const since = Math.min(cutOffAt ?? Number.POSITIVE_INFINITY, greenGoneAt.get(service) ?? Number.POSITIVE_INFINITY)
      return Number.isFinite(since) ? since : null
    },
  }
}
