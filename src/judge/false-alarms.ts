/**
 * What alpha means for a whole release, for `plan` to print. Each judged service and job may be rolled back by chance
 * with probability alpha at most; together it is at most the sum, however they depend on each other.
 */
export const falseAlarmBound = (alphas: readonly number[]): number =>
  Math.min(
    1,
    alphas.reduce((sum, alpha) => sum + alpha, 0),
  )

/** The alpha of each service so that the whole release stays within `perRelease`. */
export const dividedAlpha = (perRelease: number, judged: number): number =>
  judged === 0 ? perRelease : perRelease / judged
