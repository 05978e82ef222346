import type { Metrics } from '../../../engine/ports.ts'
import type { Millis, Side } from '../../../moves/goal.ts'
import type { SideCounts } from './shift-evidence.ts'
import type { Sight } from './shift-progress.ts'

/** All services in motion share one look at the figures. */
const freshMs: Millis = 1_000

/** Requests of each side, by the figures that the release is judged by: those that a router assigned, where there are any. */
export const metricsSight = (metrics: Metrics, elapsed: () => Millis): Sight => {
  let last: { readonly at: Millis; readonly counts: ReturnType<Sight['counts']> } | null = null
  const read: Sight['counts'] = async (signal) => {
    const answer = await metrics.read(signal)
    if (answer.kind !== 'ok') return answer
    const sums = new Map<string, Record<'assigned' | 'requests', Record<Side, number>>>()
    for (const { service, side, measure, value } of answer.value.counters) {
      if (measure !== 'assigned' && measure !== 'requests') continue
      const own = sums.get(service) ?? { assigned: { blue: 0, green: 0 }, requests: { blue: 0, green: 0 } }
      own[measure][side] += value
      sums.set(service, own)
    }
    const counts = [...sums].map(([service, { assigned, requests }]): [string, SideCounts] => [
      service,
      assigned.blue + assigned.green > 0 ? assigned : requests,
    ])
    return { kind: 'ok', value: new Map(counts) }
  }
  return {
    name: 'metrics',
    counts: (signal) => {
      if (last === null || elapsed() - last.at >= freshMs) last = { at: elapsed(), counts: read(signal) }
      return last.counts
    },
  }
}
