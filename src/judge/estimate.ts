import { counterLlr, logMeanExp } from './counter.ts'
import { HARM, NONINF } from './grids.ts'
import type { Block } from './sample.ts'

/**
 * Green's rate as a multiple of blue's, for people to read; no decision uses it. It holds at every moment at once
 * (a confidence sequence), so it may be looked at as often as one likes. `upper` is `null` while nothing bounds it.
 */
export type RatioInterval = { readonly lower: number; readonly upper: number | null }

const LOW = 1e-9
const HIGH = 1e9

/** Each side errs with probability `eachSide`. One block per step: within a step the weights are the same. */
export const ratioInterval = (
  blocks: readonly Block[],
  options: { readonly eachSide?: number; readonly tolerance?: number } = {},
): RatioInterval => {
  const { eachSide = 0.025, tolerance = 1e-12 } = options
  const needed = Math.log(1 / eachSide)
  // Evidence that the ratio is above rho falls as rho grows, and evidence that it is below rises: both bisect.
  const excess = (grid: readonly number[]) => (lnRho: number) => {
    const rho = Math.exp(lnRho)
    const sums = grid.map((r) => blocks.reduce((sum, block) => sum + counterLlr(block, rho, 0, r), 0))
    return logMeanExp(sums) - needed
  }
  const above = excess(HARM)
  const below = excess(NONINF)
  const lower = above(Math.log(LOW)) < 0 ? 0 : Math.exp(crossing((x) => -above(x), tolerance))
  const upper = below(Math.log(HIGH)) < 0 ? null : Math.exp(crossing(below, tolerance))
  return { lower, upper }
}

/** Where a rising function crosses zero, between LOW and HIGH on a logarithmic scale. */
const crossing = (f: (lnRho: number) => number, tolerance: number): number => {
  let low = Math.log(LOW)
  let high = Math.log(HIGH)
  while (high - low > tolerance) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (f(middle) < 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}
