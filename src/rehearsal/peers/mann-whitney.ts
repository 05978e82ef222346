/** By how much two samples differ in location (Hodges and Lehmann), with its confidence interval. */
export type LocationShift = { readonly lower: number; readonly upper: number; readonly estimate: number }

/** How far from the true step a bound may lie: the tolerance of R's and Kayenta's search. */
export const SEARCH_TOLERANCE = 1e-4

/**
 * The two-sided Mann-Whitney test turned into an interval for "x is shifted against y", by the normal approximation with
 * the corrections for ties and for continuity, as Kayenta does it (kayenta-mannwhitney, MannWhitney.scala, which follows R's
 * `wilcox.test(conf.int = TRUE, exact = FALSE)`): the bounds are the shifts at which the standardised rank sum equals the
 * normal quantile, found by Brent's method to 1e-4. The rank sum is a staircase, so where many values are equal a bound is
 * off its step by as much, to either side. Both samples must have a value, and not all be equal.
 */
export const locationShift = (x: readonly number[], y: readonly number[], confidence: number): LocationShift => {
  const [xs, ys] = [ascending(x), ascending(y)]
  const low = at(xs, 0) - at(ys, ys.length - 1)
  const high = at(xs, xs.length - 1) - at(ys, 0)
  const z = normalQuantile(1 - (1 - confidence) / 2)
  const root = (quantile: number): number => {
    const f = (shift: number) => standardisedRankSum(xs, ys, shift) - quantile
    const [atLow, atHigh] = [f(low), f(high)]
    if (atLow <= 0) return low
    if (atHigh >= 0) return high
    return zeroBetween(f, { a: low, fa: atLow, b: high, fb: atHigh }, SEARCH_TOLERANCE)
  }
  return { lower: root(z), upper: root(-z), estimate: root(0) }
}

type Bracket = { readonly a: number; readonly fa: number; readonly b: number; readonly fb: number }

/** R. P. Brent, Algorithms for Minimization without Derivatives, 1973, chapter 4 ("zero"), step by step as in Netlib's zeroin. */
const zeroBetween = (f: (x: number) => number, bracket: Bracket, tolerance: number): number => {
  let { a, fa, b, fb } = bracket
  let [c, fc] = [a, fa]
  for (let i = 0; i < 1000; i++) {
    const before = b - a
    if (Math.abs(fc) < Math.abs(fb)) {
      ;[a, b, c] = [b, c, b]
      ;[fa, fb, fc] = [fb, fc, fb]
    }
    const least = 2 * Number.EPSILON * Math.abs(b) + tolerance / 2
    const half = (c - b) / 2
    if (Math.abs(half) <= least || fb === 0) return b
    const tried = Math.abs(before) >= least && Math.abs(fa) > Math.abs(fb) ? interpolate(a, b, c, fa, fb, fc) : null
    const isGood = tried !== null && tried * Math.sign(half) > 0 && Math.abs(tried) < 1.5 * Math.abs(half) - least / 2
    const step = tried !== null && isGood && Math.abs(tried) < Math.abs(before / 2) ? tried : half
    a = b
    fa = fb
    b += Math.abs(step) < least ? Math.sign(step) * least : step
    fb = f(b)
    if (Math.sign(fb) === Math.sign(fc)) {
      c = a
      fc = fa
    }
  }
  return b
}

/** The step to where a line (two points known) or an inverse parabola (three) crosses zero. */
const interpolate = (a: number, b: number, c: number, fa: number, fb: number, fc: number): number => {
  const cb = c - b
  if (a === c) {
    const t = fb / fa
    return (-cb * t) / (1 - t)
  }
  const [q, t1, t2] = [fa / fc, fb / fc, fb / fa]
  const p = t2 * (cb * q * (q - t1) - (b - a) * (t1 - 1))
  return -p / ((q - 1) * (t1 - 1) * (t2 - 1))
}

/** The p-value of "x and y lie the same", two-sided, by the same approximation. */
export const mannWhitneyP = (x: readonly number[], y: readonly number[]): number =>
  2 * normalTail(Math.abs(standardisedRankSum(ascending(x), ascending(y), 0)))

const ascending = (values: readonly number[]): Float64Array => Float64Array.from(values).sort()
const at = (values: Float64Array, i: number): number => values[i] ?? Number.NaN

/** Rank sum of x - shift among itself and y, less its mean, by its standard deviation. Both ascending. */
const standardisedRankSum = (xs: Float64Array, ys: Float64Array, shift: number): number => {
  const [m, n] = [xs.length, ys.length]
  let [i, j, ranked, sum, ties] = [0, 0, 0, 0, 0]
  while (i < m || j < n) {
    const value = Math.min(
      i < m ? at(xs, i) - shift : Number.POSITIVE_INFINITY,
      j < n ? at(ys, j) : Number.POSITIVE_INFINITY,
    )
    const [fromX, fromY] = [i, j]
    while (i < m && at(xs, i) - shift <= value) i++
    while (j < n && at(ys, j) <= value) j++
    const tied = i - fromX + (j - fromY)
    sum += (i - fromX) * (ranked + (tied + 1) / 2)
    ties += tied ** 3 - tied
    ranked += tied
  }
  const z = sum - (m * (m + 1)) / 2 - (m * n) / 2
  const sigma = Math.sqrt(((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1))))
  // All values equal at this shift: nothing can be told, as if it were right in the middle.
  return sigma === 0 ? 0 : (z - Math.sign(z) / 2) / sigma
}

/** Part of a normal distribution above z. */
const normalTail = (z: number): number => {
  // Continued fraction far out, series near the middle (Abramowitz and Stegun 26.2.14 and 26.2.10).
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  if (z > 3) {
    let fraction = z
    for (let k = 60; k >= 1; k--) fraction = z + k / fraction
    return density / fraction
  }
  let [term, sum] = [z, z]
  for (let k = 1; Math.abs(term) > 1e-17; k++) {
    term *= (z * z) / (2 * k + 1)
    sum += term
  }
  return 0.5 - density * sum
}

const normalQuantile = (p: number): number => {
  let [low, high] = [-10, 10]
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2
    const above = middle >= 0 ? normalTail(middle) : 1 - normalTail(-middle)
    if (1 - above < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}
