import type { Millis } from '../../../moves/goal.ts'

export type ServerClock = {
  /** The `Date` of an answer, and when it was asked for and came by our clock. */
  heard(date: string | string[] | undefined, sentAt: Millis, receivedAt: Millis): void
  now(): Millis
}

const second: Millis = 1_000

/**
 * The clock of an API server, from the dates of its answers. They are cut to whole seconds, so each says only between
 * which two offsets its clock lies; all of them together say more. What contradicts the rest begins anew: a clock was set.
 */
export const createServerClock = (now: () => Millis): ServerClock => {
  let least = Number.NEGATIVE_INFINITY
  let most = Number.POSITIVE_INFINITY
  return {
    heard: (date, sentAt, receivedAt) => {
      const at = typeof date === 'string' ? Date.parse(date) : Number.NaN
      if (Number.isNaN(at)) return
      const [lower, upper] = [at - receivedAt, at + second - sentAt]
      const agrees = lower <= most && upper >= least
      least = agrees ? Math.max(least, lower) : lower
      most = agrees ? Math.min(most, upper) : upper
    },
    now: () => Math.round(now() + (Number.isFinite(least + most) ? (least + most) / 2 : 0)),
  }
}
