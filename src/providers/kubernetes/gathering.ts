import { setTimeout as pause } from 'node:timers/promises'
import type { Millis } from '../../moves/goal.ts'

/** The schedules of a wave are paused within moments of each other, and share one pass if it waits so long for them. */
const gatherMs: Millis = 100
/** Where many are paused, each waits for its turn to write. Whoever is here already is paused, so there is an end to it. */
const mostGatherMs: Millis = 1_000

/** Who is on the way to a pass of the barrier. */
export type Gathering = {
  /** It is on its way: whoever is here waits for it, though not for long. */
  expect(schedule: string): void
  came(schedule: string): void
  /** Resolves when all who are expected are here, or a second after. */
  over(): Promise<void>
}

export const createGathering = (): Gathering => {
  const expected = new Map<string, NodeJS.Timeout>()
  let allCame = Promise.withResolvers<void>()
  const came = (schedule: string): void => {
    clearTimeout(expected.get(schedule))
    expected.delete(schedule)
    if (expected.size === 0) allCame.resolve()
  }
  return {
    expect: (schedule) => {
      came(schedule)
      // One that was not paused, or is in no hurry, is waited for no longer than by a pass.
      expected.set(schedule, setTimeout(() => came(schedule), mostGatherMs).unref())
    },
    came,
    over: async () => {
      await pause(gatherMs)
      allCame = Promise.withResolvers()
      if (expected.size > 0) await Promise.race([allCame.promise, pause(mostGatherMs - gatherMs)])
    },
  }
}
