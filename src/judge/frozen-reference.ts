/** 95 % of a normal distribution lie below this many standard deviations. */
const Z_95 = 1.645

/** Events and requests of blue, summed over this release. */
export type BlueTotal = { readonly events: number; readonly requests: number }

/**
 * The rate that green is judged against at 100 %, when there is no blue beside it any more: an upper bound of blue's
 * own rate in this release, times the margin. `null`: blue had no requests, so there is nothing to judge against.
 */
export const frozenRate = (blue: BlueTotal, margin: { readonly rho: number; readonly delta: number }): number | null =>
  blue.requests === 0
    ? null
    : (margin.rho * (blue.events + 2 + Z_95 * Math.sqrt(blue.events + 1))) / blue.requests + margin.delta

/**
 * The same for the proof that green is not worse, which must not profit from blue's uncertainty: a lower bound of
 * blue's rate. (The design gives no form for the proof at 100 %; this mirrors its upper bound.)
 */
export const frozenProofRate = (
  blue: BlueTotal,
  margin: { readonly rho: number; readonly delta: number },
): number | null =>
  blue.requests === 0
    ? null
    : (margin.rho * Math.max(0, blue.events - Z_95 * Math.sqrt(blue.events + 1))) / blue.requests + margin.delta
