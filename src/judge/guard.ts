import { addBlocks, type Block, emptyBlock } from './sample.ts'

/**
 * The guard sees catastrophes within three samples, where the evidence would need more: most of what green answers
 * is an error, and blue is nothing like it.
 */
export const GUARD_WINDOW = 3

export type GuardLimits = {
  /** Least part of green's requests that fail. */
  readonly ratio: number
  /** Least multiple of blue's ratio. */
  readonly multiple: number
  /** Least errors, when they come in two samples or more; twice as many times phi when they come in one. */
  readonly errors: number
}

export const guardLimits: GuardLimits = { ratio: 0.2, multiple: 4, errors: 5 }

/** `lambda0`: the frozen rate of blue, where there is no blue beside green; `null` while there is. */
export const guardTrips = (
  lastSamples: readonly Block[],
  phi: number,
  lambda0: number | null = null,
  limits: GuardLimits = guardLimits,
): boolean => {
  const window = lastSamples.slice(-GUARD_WINDOW)
  const { xg, ng, xb, nb } = window.reduce(addBlocks, emptyBlock)
  if (ng === 0) return false
  const ratio = xg / ng
  const blue = lambda0 ?? (xb + 0.5) / (nb + 1)
  if (ratio < limits.ratio || ratio < limits.multiple * blue) return false
  if (xg >= 2 * limits.errors * phi) return true
  const bad = window.filter((s) => s.xg >= 2 && s.ng > 0 && s.xg / s.ng >= limits.ratio).length
  return xg >= limits.errors && bad >= 2
}
