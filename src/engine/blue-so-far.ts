import type { Arm } from '../judge/sample.ts'
import type { Millis } from '../moves/goal.ts'
import type { Observation, StoredObservation } from '../store/store.ts'
import { sumOf } from './blue-history.ts'
import type { Increments } from './increments.ts'

/**
 * All that blue did in this release, as counts: what green is judged by once it has everything, also where blue was never
 * beside it (it goes from 0 to 100 % at once, or only one copy may run).
 */
export type BlueSoFar = {
  /** Takes one interval in; gives what is to be stored. */
  take(increments: Increments, at: Millis): readonly Observation[]
  /** null: nothing was measured. */
  of(service: string): Arm | null
  /** Goes on from what was stored: a restart loses the last samples at most. */
  restore(facts: readonly StoredObservation[]): void
}

const prefix = 'blue-so-far/'
/** So many intervals of a service go by before its counts are stored again. */
const takenPerStored = 24

export const createBlueSoFar = (): BlueSoFar => {
  const sums = new Map<string, { arm: Arm; taken: number }>()
  return {
    take: (increments, at) =>
      [...increments].flatMap(([service, { blue }]) => {
        if (blue === null || blue.arm.requests === 0) return []
        const before = sums.get(service)
        const arm = before === undefined ? blue.arm : add(before.arm, blue.arm)
        const taken = (before?.taken ?? 0) + 1
        sums.set(service, { arm, taken })
        // The first one too: an engine that dies soon after leaves something to go on from.
        return taken % takenPerStored === 1 ? [{ kind: 'fact', subject: `${prefix}${service}`, at, body: arm }] : []
      }),
    of: (service) => sums.get(service)?.arm ?? null,
    restore: (facts) => {
      // Written by `take` only.
      for (const { subject, body } of facts)
        if (subject.startsWith(prefix))
          sums.set(subject.slice(prefix.length), { arm: body as unknown as Arm, taken: 1 })
    },
  }
}

/** An interval without histogram leaves the latency of the others as it is. */
const add = (sum: Arm, next: Arm): Arm => {
  const both = sumOf([sum, next])
  return both.latency === null
    ? { ...both, latency: next.latency === null ? sum.latency : (sum.latency ?? next.latency) }
    : both
}
