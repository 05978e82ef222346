import type { Answer, Call } from '../engine/ports.ts'
import { compareFences, type Fence, type Millis } from '../moves/goal.ts'
import { between, type Random, type SimulatedClock } from './simulated-clock.ts'

/**
 * What may go wrong with one call:
 * - `killed before`, `killed after`: the caller dies, and the call has not, or has, acted.
 * - `lost`: no answer, nothing was done. `unanswered`: it was done. `late`: it will be done, much later.
 * - `frozen`: the caller stands still before the call goes out, and does not notice.
 * - `conflict`: somebody wrote in between.
 */
export const callFaults = ['killed before', 'killed after', 'lost', 'unanswered', 'late', 'frozen', 'conflict'] as const
export type CallFault = (typeof callFaults)[number]

/** Thrown in the place of an answer: whoever asked is dead. */
export class Killed extends Error {}

/** Asked before every acting call; null: nothing goes wrong. */
export type Faults = (method: string) => CallFault | null

export const noFaults: Faults = () => null

export type Latencies = { readonly callMs: Millis; readonly lateMs: Millis; readonly frozenMs: Millis }

export const defaultLatencies: Latencies = { callMs: 8, lateMs: 6_000, frozenMs: 6_000 }

export type Caller = {
  readonly clock: SimulatedClock
  readonly random: Random
  readonly faults: Faults
  readonly latencies: Latencies
}

/** Makes a call that takes its time and may fail; `apply` is what it does to the world, at once. */
export const call = async <T>(caller: Caller, method: string, apply: () => Answer<T>): Promise<Answer<T>> => {
  const { clock, random, latencies } = caller
  const fault = caller.faults(method)
  const travel = () => clock.sleep(clock.now() + 1 + between(random, 0, latencies.callMs))
  await travel()
  switch (fault) {
    case null: {
      const answer = apply()
      await travel()
      return answer
    }
    case 'killed before':
      throw new Killed(method)
    case 'killed after':
      apply()
      throw new Killed(method)
    case 'unanswered':
      apply()
      return { kind: 'unknown', because: `no answer to ${method}` }
    case 'lost':
      return { kind: 'unknown', because: `no answer to ${method}` }
    case 'late':
      clock.at(clock.now() + between(random, 1, latencies.lateMs), () => {
        apply()
        return false
      })
      return { kind: 'unknown', because: `no answer to ${method}` }
    case 'frozen':
      await clock.sleep(clock.now() + between(random, 1, latencies.frozenMs))
      return apply()
    case 'conflict':
      return { kind: 'conflict', because: `somebody wrote just before ${method}` }
    default:
      return fault satisfies never
  }
}

export type Versioned = { revision: number; highest: Fence | null }

/** Refuses an older fence (where the environment keeps fences) and an old revision. */
export const admit = (
  object: Versioned,
  by: Call,
  keepsFences: boolean,
  usesRevision: boolean,
): Answer<never> | null => {
  if (keepsFences) {
    if (object.highest !== null && compareFences(by.fence, object.highest) < 0) {
      return { kind: 'refused', because: `a newer intent (epoch ${object.highest.epoch}) has written here` }
    }
    object.highest = by.fence
  }
  if (usesRevision && by.revision !== undefined && by.revision !== String(object.revision)) {
    return { kind: 'conflict', because: `revision ${by.revision} is old, it is ${object.revision} now` }
  }
  return null
}
