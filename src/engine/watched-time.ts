import type { Millis } from '../moves/goal.ts'
import type { Clock } from './clock.ts'

/** So many times the longest time between two turns without one, and nobody was watching. */
const turnsMissed = 10
/** The wall clock may wander this much from the monotonic one between two turns. */
const jumpMs = 2_000

/**
 * Tells when nobody watched: the process was stopped or starved, or the wall clock jumped. Neither counts as soak or
 * dwell, so both become a gap in the journal.
 */
export const createWatchedTime = (clock: Clock, turnMs: Millis = 1_000) => {
  const unwatchedAfterMs = turnsMissed * turnMs
  let wall = clock.now()
  let steady = clock.monotonic()
  return {
    /** The gap since the last call; null: there was none. */
    gap: (): { readonly from: Millis; readonly until: Millis; readonly because: string } | null => {
      const from = wall
      const passed = clock.monotonic() - steady
      wall = clock.now()
      steady += passed
      const moved = wall - from
      if (passed > unwatchedAfterMs)
        return {
          from,
          until: Math.max(from, wall),
          because: `nobody watched for ${Math.round(passed / 1000)} s: the engine did not run`,
        }
      if (moved - passed > jumpMs)
        return { from, until: wall, because: `the clock jumped ${Math.round((moved - passed) / 1000)} s ahead` }
      if (passed - moved > jumpMs)
        return { from: wall, until: from, because: `the clock jumped ${Math.round((passed - moved) / 1000)} s back` }
      return null
    },
  }
}
