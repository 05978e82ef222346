/**
 * The alternatives that each bettor spreads its money over. They are part of the statistics (the reference
 * cases depend on them), so they are constants and not policy.
 */

/** Ratios above the margin: green is worse by this factor. */
export const HARM = [1.05, 1.1, 1.2, 1.4, 1.8, 2.5, 4, 8, 20, 100, 1000] as const
/** Ratios below the margin: proof that green is not worse (errors), or harm (a counter that should not drop). */
export const NONINF = [0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85] as const
/** Fractions of its money that the share bettor stakes on one sample. */
export const FRACTION = [0.002, 0.006, 0.02, 0.06, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95] as const
/** How many times likelier than on blue a run is to fail. */
export const JOB_RATIOS = [1.5, 2, 4, 8, 19] as const
/** Fractions staked on the sign of one block of a gauge. */
export const SIGN_FRACTION = [0.1, 0.25, 0.5, 0.75, 0.95] as const
/** Parts of blue's traffic that a latency threshold should leave as slower. */
export const TAIL_TARGETS = [0.5, 0.05, 0.01] as const
