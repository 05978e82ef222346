import { FRACTION } from './grids.ts'
import type { Block } from './sample.ts'

/**
 * The share bettor gives each sample one vote: what part of the events fell on green, against what the margin
 * allows. A burst of any size within a sample is still one vote, so it needs no dispersion.
 * Source: judge design, "Share bettor".
 */

/** 1 (no vote) when there are no events or an arm is empty. */
export const relativeShare = ({ xg, ng, xb, nb }: Block, rho: number): number =>
  xg + xb === 0 || ng === 0 || nb === 0 ? 1 : xg / (xg + xb) / ((rho * ng) / (rho * ng + nb))

/** Against a fixed rate (per request). 0 when there are no events: that is what makes the bet fair. */
export const absoluteShare = (x: number, n: number, rate: number): number => (x === 0 || n === 0 ? 0 : x / n / rate)

/** What each fraction of the grid multiplies its money by, for a vote of size R. */
export const shareBets = (R: number): readonly number[] => FRACTION.map((f) => 1 - f + f * R)
