import { logMeanExp } from './counter.ts'
import { HARM, NONINF } from './grids.ts'
import type { Block } from './sample.ts'

/**
 * Green's rate as a multiple of blue's, for people to read; no decision uses it. It holds at every moment at once
 * (a confidence sequence), so it may be looked at as often as one likes. `upper` is `null` while nothing bounds it.
 */
export type RatioInterval = { readonly lower: number; readonly upper: number | null }

/** The ratios that are looked at, as logarithms. */
const LOW = Math.log(1e-9)
const HIGH = Math.log(1e9)

/** Each side errs with probability `eachSide`. One block per step: within a step the weights are the same. */
export const ratioInterval = (
  blocks: readonly Block[],
  options: { readonly eachSide?: number; readonly tolerance?: number } = {},
): RatioInterval => {
  const { eachSide = 0.025, tolerance = 1e-12 } = options
  const needed = Math.log(1 / eachSide)
  // Evidence that the ratio is above rho falls as rho grows, and evidence that it is below rises: both bisect.
  const excess = (grid: readonly number[]) => (lnRho: number) =>
    logMeanExp(sumOfLlrs(blocks, Math.exp(lnRho), grid)) - needed
  const above = excess(HARM)
  const below = excess(NONINF)
  const lower = above(LOW) < 0 ? 0 : Math.exp(crossing((x) => -above(x), tolerance))
  const upper = below(HIGH) < 0 ? null : Math.exp(crossing(below, tolerance))
  return { lower, upper }
}

/** `counterLlr` with delta 0, summed over blocks; this is looked at many times, so logarithms are shared. */
const sumOfLlrs = (blocks: readonly Block[], rho: number, grid: readonly number[]): readonly number[] => {
  const compared = blocks.filter((block) => block.ng > 0 && block.nb > 0)
  const margins = compared.map(({ ng, nb }) => Math.log(rho * ng + nb))
  return grid.map((r) => {
    const lnR = Math.log(r)
    let sum = 0
    let i = 0
    for (const { xg, ng, xb, nb } of compared) {
      sum += xg * lnR + (xg + xb) * ((margins[i] ?? 0) - Math.log(r * rho * ng + nb))
      i += 1
    }
    return sum
  })
}

/**
 * Where a rising function crosses zero between LOW and HIGH. Bisection, sped up: on a logarithmic scale the evidence is
 * nearly straight, so a straight line between the ends lands close (the Illinois rule keeps both ends moving).
 */
const crossing = (f: (lnRho: number) => number, tolerance: number): number => {
  let [low, high] = [LOW, HIGH]
  let [fLow, fHigh] = [f(low), f(high)]
  let side = 0
  for (let i = 0; i < 200 && high - low > tolerance; i++) {
    const straight = (low * fHigh - high * fLow) / (fHigh - fLow)
    // Every third time the middle, so that the bracket shrinks whatever the shape.
    const x = i % 3 === 2 || !(straight > low && straight < high) ? (low + high) / 2 : straight
    if (x === low || x === high) break
    const fx = f(x)
    if (Math.abs(fx) < tolerance / 10) return x
    if (fx < 0) {
      ;[low, fLow] = [x, fx]
      if (side === -1) fHigh /= 2
      side = -1
    } else {
      ;[high, fHigh] = [x, fx]
      if (side === 1) fLow /= 2
      side = 1
    }
  }
  return (low + high) / 2
}
