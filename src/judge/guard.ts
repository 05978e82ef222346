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
  /** Largest probability that green got so many of the errors by chance, failing no more often than blue does. */
  readonly chance: number
}

export const guardLimits: GuardLimits = { ratio: 0.2, multiple: 4, errors: 5, chance: 0.001 }

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
  const surprise = lambda0 === null ? shareSurprise({ xg, ng, xb, nb }) : rateSurprise(xg, ng * lambda0)
  return surprise >= -Math.log(limits.chance) && failsOften(window, phi, limits)
}

/** Whether a frozen rate is known that green can fail so much more often than. */
export const guardCanTrip = (lambda0: number | null, limits: GuardLimits = guardLimits): boolean =>
  lambda0 !== null && limits.multiple * lambda0 <= 1

/** Whether so many requests of green failed in these samples that it is no single burst. Says nothing of blue. */
export const failsOften = (window: readonly Block[], phi: number, limits: GuardLimits = guardLimits): boolean => {
  const { xg } = window.reduce(addBlocks, emptyBlock)
  if (xg >= 2 * limits.errors * phi) return true
  const bad = window.filter((s) => s.xg >= 2 && s.ng > 0 && s.xg / s.ng >= limits.ratio).length
  return xg >= limits.errors && bad >= 2
}

/**
 * Whether green fails as often as the guard asks at least, and what was seen of blue (in xb and nb) is no reason for it.
 * Where nothing was, there is none.
 */
export const failsWithoutReason = ({ xg, ng, xb, nb }: Block, limits: GuardLimits = guardLimits): boolean =>
  ng > 0 && xg / ng >= limits.ratio && (nb === 0 || xg / ng >= (limits.multiple * xb) / nb)

/**
 * How surprising it is that so many of the errors fell on green, if both fail alike: -ln of Chernoff's bound on that
 * probability. While blue fails too, a handful of green's few requests may all fail by chance, and it is not green.
 */
const shareSurprise = ({ xg, ng, xb, nb }: Block): number => {
  const errors = xg + xb
  const expected = ng / (ng + nb)
  const part = xg / errors
  if (part <= expected) return 0
  return xg * Math.log(part / expected) + (xb === 0 ? 0 : xb * Math.log((1 - part) / (1 - expected)))
}

/** The same for a count of which so many are expected, as of a Poisson distribution. */
const rateSurprise = (count: number, expected: number): number =>
  count <= expected ? 0 : count * Math.log(count / expected) - count + expected
