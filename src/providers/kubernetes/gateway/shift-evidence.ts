/** Requests that each side got. */
export type SideCounts = { readonly blue: number; readonly green: number }

/** Below this a share can't be told from none: testers reach green at weight 0 too, and at 100 % old connections reach blue. */
const least = 0.001
/** The new share explains what was counted so many times better than the old one. */
const enough = Math.log(100)

export const isEnough = (evidence: number): boolean => evidence >= enough

/**
 * Adds up how much better the new share of green explains what was counted than the old one (the logarithm of the
 * likelihood ratio), and never goes below 0: what came before the gateway moved traffic says nothing of after (CUSUM).
 * Shares in percent.
 */
export const addEvidence = (evidence: number, was: number, wanted: number, { blue, green }: SideCounts): number => {
  const [before, after] = [was, wanted].map((percent) => Math.min(1 - least, Math.max(least, percent / 100)))
  if (before === undefined || after === undefined) return evidence
  const gain = green * Math.log(after / before) + blue * Math.log((1 - after) / (1 - before))
  return Math.max(0, evidence + gain)
}
