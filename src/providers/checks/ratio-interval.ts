import type { Side } from '../../moves/goal.ts'

/** How many times lie in or below each bin; bins are 1 % wide, so that thousands of resamples cost no sorting. */
export type Counts = Uint32Array

const lowestMs = 0.01
const width = Math.log(1.01)
/** Up to two minutes. */
const binCount = Math.ceil(Math.log(120_000 / lowestMs) / width)

export const countsOf = (latencies: readonly number[]): Counts => {
  const counts = new Uint32Array(binCount)
  for (const ms of latencies) {
    const bin = Math.floor(Math.log(Math.max(ms, lowestMs) / lowestMs) / width)
    const at = Math.min(binCount - 1, bin)
    counts[at] = (counts[at] ?? 0) + 1
  }
  for (let i = 1; i < binCount; i++) counts[i] = (counts[i] ?? 0) + (counts[i - 1] ?? 0)
  return counts
}

/** The middle of the bin in which the quantile of all together lies, so within 0.5 % of it; NaN of nothing. */
export const quantileOf = (all: readonly Counts[], share: number): number => {
  const atOrBelow = (bin: number): number => all.reduce((sum, counts) => sum + (counts[bin] ?? 0), 0)
  const count = atOrBelow(binCount - 1)
  if (count === 0) return Number.NaN
  const wanted = Math.max(1, Math.ceil(share * count))
  let low = 0
  let high = binCount - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (atOrBelow(middle) >= wanted) high = middle
    else low = middle + 1
  }
  return lowestMs * Math.exp((low + 0.5) * width)
}

/** What was measured of both sides next to each other in time. */
export type Pair = { readonly blue: Counts; readonly green: Counts }

/** Of green divided by blue: below 1, green is faster. The interval holds the true ratio in about 95 of 100 benchmarks. */
export type RatioInterval = { readonly estimate: number; readonly low: number; readonly high: number }

const resamples = 1_000

/**
 * The ratio of both sides' quantile with its bootstrap percentile interval (Efron and Tibshirani, 1993, chapter 13). Whole pairs
 * are drawn, because requests near each other in time are not independent. With few pairs it is a little too narrow.
 * `random` from 0 to below 1: with the same seed, the same interval.
 */
export const ratioInterval = (pairs: readonly Pair[], share: number, random: () => number): RatioInterval => {
  const of = (side: Side, drawn: readonly Pair[]): number =>
    quantileOf(
      drawn.map((pair) => pair[side]),
      share,
    )
  const ratioOf = (drawn: readonly Pair[]): number => of('green', drawn) / of('blue', drawn)
  const draw = (): Pair[] =>
    // The index is below the length: `random` is below 1.
    pairs.map(() => pairs[Math.floor(random() * pairs.length)] as Pair)
  const ratios = Array.from({ length: resamples }, () => ratioOf(draw())).toSorted((a, b) => a - b)
  const at = (part: number): number => ratios[Math.min(resamples - 1, Math.floor(part * resamples))] ?? Number.NaN
  return { estimate: ratioOf(pairs), low: at(0.025), high: at(0.975) }
}

/** A small generator with a seed (mulberry32): a report that is made again shows the same figures. */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
