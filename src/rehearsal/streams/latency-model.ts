/** How long requests take: a lognormal, as most services have it. Times are milliseconds. */
const MEDIAN_MS = 40
/** So that 95 % take less than 149 ms and 99 % less than 257 ms. */
const SIGMA = 0.8

/** Bounds of the embedded router's histogram (`durationBounds`); that they are the same is tested. */
export const boundsMs: readonly number[] = [
  1, 1.5, 2.5, 4, 6, 10, 15, 25, 40, 60, 100, 150, 250, 400, 600, 1000, 1500, 2500, 4000, 6000, 10_000,
]

/** Part of requests per bin, one more than there are bounds. They add up to 1. */
export type BinParts = readonly number[]

/** Complementary error function by a Chebyshev fit (Press et al., Numerical Recipes, "erfcc"): relative error below 1.2e-7. */
const erfc = (x: number): number => {
  const z = Math.abs(x)
  const t = 1 / (1 + z / 2)
  const terms = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368,
  ]
  const fit = terms.reduce((sum, term) => sum * t + term, 0) * t - 1.26551223
  const value = t * Math.exp(-z * z + fit)
  return x >= 0 ? value : 2 - value
}

/** Part of requests that take longer than `ms` when each takes `factor` times as long as usual. */
export const tailBeyond = (ms: number, factor = 1): number =>
  erfc(Math.log(ms / (MEDIAN_MS * factor)) / SIGMA / Math.SQRT2) / 2

const known = new Map<number, BinParts>()

/** The parts when each request takes `factor` times as long as usual. */
export const binParts = (factor: number): BinParts => {
  const before = known.get(factor)
  if (before !== undefined) return before
  const tails = boundsMs.map((ms) => tailBeyond(ms, factor))
  const parts = [...tails, 0].map((tail, i) => Math.max(0, (tails[i - 1] ?? 1) - tail))
  // Factors that come once, such as those of a replica that warms up, are not kept.
  if (known.size < 64) known.set(factor, parts)
  return parts
}

/** `share` of the requests go by `other`. */
export const mixed = (parts: BinParts, other: BinParts, share: number): BinParts =>
  share <= 0 ? parts : parts.map((part, i) => part + share * ((other[i] ?? 0) - part))
