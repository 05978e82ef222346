import { TAIL_TARGETS } from './grids.ts'
import type { Histogram } from './sample.ts'

/** A bound of the histogram at which slow requests are counted. Fixed at the start of a release. */
export type Threshold = {
  readonly ms: number
  /** d ln(tail) / d ln(bound) at blue: how fast the tail thins out. Negative. */
  readonly slope: number
}

/**
 * The bounds whose tail at blue (the part of requests slower than it) is nearest to 50 %, 5 % and 1 %, each once.
 * Never used: the first bound (it has no slope), a bound with an empty tail, +Inf. Empty: latency can't be judged.
 */
export const latencyThresholds = (blue: Histogram, targets: readonly number[] = TAIL_TARGETS): readonly Threshold[] => {
  const tails = blue.boundsMs.map((ms, i) => ({ ms, tail: (blue.count - (blue.atOrBelow[i] ?? 0)) / blue.count }))
  const usable = tails.flatMap(({ ms, tail }, i) => {
    const previous = tails[i - 1]
    if (previous === undefined || !(tail > 0) || !Number.isFinite(ms) || !(previous.ms > 0)) return []
    return [{ ms, tail, slope: Math.log(tail / previous.tail) / Math.log(ms / previous.ms) }]
  })
  const distance = (tail: number, target: number) => Math.abs(Math.log(tail / target))
  const nearest = targets.flatMap((target) => {
    const [first, ...rest] = usable
    if (first === undefined) return []
    return [
      rest.reduce((best, next) => (distance(next.tail, target) < distance(best.tail, target) ? next : best), first),
    ]
  })
  return [...new Set(nearest)].sort((a, b) => a.ms - b.ms).map(({ ms, slope }) => ({ ms, slope }))
}

/** How many more requests may be slower than the threshold when every request takes `margin` (0.05 = 5 %) longer. */
export const latencyRho = (threshold: Threshold, margin: number): number => (1 + margin) ** -threshold.slope

/** Requests slower than `ms`; counts at bounds are exact. `null`: the histogram has no such bound (never interpolated). */
export const slowerThan = (histogram: Histogram, ms: number): number | null => {
  const i = histogram.boundsMs.indexOf(ms)
  const below = i < 0 ? undefined : histogram.atOrBelow[i]
  return below === undefined ? null : Math.max(0, histogram.count - below)
}
