import type { Millis } from '../../../moves/goal.ts'

export type Backoff = { readonly firstMs: Millis; readonly mostMs: Millis }

/**
 * How long to wait before try number `attempt` (1: the first that is made again): doubled each time up to the most, of
 * which half is certain and half is chance, so that many clients which lost one server don't come back together.
 * `random` gives 0 to 1.
 */
export const waitBefore = (attempt: number, { firstMs, mostMs }: Backoff, random: () => number): Millis => {
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 30))
  return Math.round(full / 2 + (full / 2) * random())
}
