/** Counts of two halves of blue's replicas over one sample. */
export type Halves = { readonly xA: number; readonly nA: number; readonly xB: number; readonly nB: number }

/** What dispersion is without any history: twice as noisy as Poisson. */
export const PRIOR_PHI = 2
/** How many events that prior is worth. */
const PRIOR_WEIGHT = 20
/** Above this, a check is too noisy to take anything back; it may only hold. */
export const MAX_PHI = 16

/**
 * How much noisier than Poisson blue's counts are, from blue's two halves against each other.
 * `phi` is drawn towards the prior (2) while there are few events, and never below 1; `raw` is the plain estimate
 * (`null` without events).
 */
export const measureDispersion = (
  halves: readonly Halves[],
  prior: { readonly phi0: number; readonly n0: number } = { phi0: PRIOR_PHI, n0: PRIOR_WEIGHT },
): { readonly phi: number; readonly raw: number | null } => {
  let sum = 0
  let events = 0
  for (const { xA, nA, xB, nB } of halves) {
    const m = xA + xB
    const q = nA / (nA + nB)
    if (m === 0 || !(q > 0 && q < 1)) continue
    sum += (xA - m * q) ** 2 / (q * (1 - q))
    events += m
  }
  const phi = Math.max(1, (prior.phi0 * prior.n0 + sum) / (prior.n0 + events))
  return { phi, raw: events === 0 ? null : sum / events }
}
