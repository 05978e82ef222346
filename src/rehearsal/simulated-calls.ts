import type { Answer, Call } from '../engine/ports.ts'
import { compareFences, type Fence, type Millis } from '../moves/goal.ts'
import { between, type Random, type SimulatedClock } from './simulated-clock.ts'

/**
 * What may go wrong with one call:
 * - `killed before`, `killed after`: the caller dies, and the call has not, or has, acted.
 * - `lost`: no answer, nothing was done. `unanswered`: it was done. `late`: it will be done, much later.
 * - `frozen`: the caller stands still before the call goes out, and does not notice.
 * - `conflict`: somebody wrote in between. `twice`: it is done, and done once more a moment later.
 */
export const callFaults = [
  'killed before',
  'killed after',
  'lost',
  'unanswered',
  'late',
  'frozen',
  'conflict',
  'twice',
] as const
export type CallFault = (typeof callFaults)[number]

/**
 * What may go wrong with one read: `lost` (no answer), `slow` (true when it comes), `outdated` (true when it was asked,
 * and answered much later), `hanging` (no answer ever; whoever asks has to give up).
 */
export const readFaults = ['lost', 'slow', 'outdated', 'hanging'] as const
export type ReadFault = (typeof readFaults)[number]

/** Thrown in the place of an answer: whoever asked is dead. */
export class Killed extends Error {}

/** Asked before every acting call; null: nothing goes wrong. */
export type Faults = (method: string, about: { readonly service: string; readonly by: Call } | null) => CallFault | null

export const noFaults: Faults = () => null

export type Latencies = { readonly callMs: Millis; readonly lateMs: Millis; readonly frozenMs: Millis }

export const defaultLatencies: Latencies = { callMs: 8, lateMs: 6_000, frozenMs: 6_000 }

export type Caller = {
  readonly clock: SimulatedClock
  readonly random: Random
  readonly faults: Faults
  readonly latencies: Latencies
  /** Asked before every read. Absent: reads take a moment each, and never fail. */
  readonly readFaults?: (method: string) => ReadFault | null
  /** How this caller dies. Absent: `Killed` is thrown in the place of an answer. */
  readonly die?: () => Promise<never>
  /** How this caller stands still, and doesn't notice. Absent: only this call does. */
  readonly freeze?: (forMs: Millis) => Promise<void>
}

const thrown = (method: string): Promise<never> => Promise.reject(new Killed(method))

/** Makes a call that takes its time and may fail; `apply` is what it does to the world, at once. */
export const call = async <T>(
  caller: Caller,
  method: string,
  apply: () => Answer<T>,
  about: { readonly service: string; readonly by: Call } | null = null,
): Promise<Answer<T>> => {
  const { clock, random, latencies } = caller
  const die = caller.die ?? (() => thrown(method))
  if (about?.by.signal.aborted === true) return givenUp
  const fault = caller.faults(method, about)
  const travel = () => clock.sleep(clock.now() + 1 + between(random, 0, latencies.callMs))
  await travel()
  const again = (withinMs: Millis) =>
    clock.at(clock.now() + between(random, 1, withinMs), () => {
      apply()
      return false
    })
  switch (fault) {
    case null: {
      const answer = apply()
      await travel()
      return answer
    }
    case 'killed before':
      return die()
    case 'killed after':
      apply()
      return die()
    case 'unanswered':
      apply()
      return { kind: 'unknown', because: `no answer to ${method}` }
    case 'lost':
      return { kind: 'unknown', because: `no answer to ${method}` }
    case 'late':
      again(latencies.lateMs)
      return { kind: 'unknown', because: `no answer to ${method}` }
    case 'frozen': {
      const forMs = between(random, 1, latencies.frozenMs)
      await (caller.freeze?.(forMs) ?? clock.sleep(clock.now() + forMs))
      return apply()
    }
    case 'conflict':
      return { kind: 'conflict', because: `somebody wrote just before ${method}` }
    case 'twice': {
      const answer = apply()
      again(latencies.callMs * 10)
      await travel()
      return answer
    }
    default:
      return fault satisfies never
  }
}

const givenUp = { kind: 'unknown', because: 'the caller gave up' } as const

/** Reads the world; `see` is what is there at the moment that it is called. */
export const look = async <T>(
  caller: Caller,
  method: string,
  signal: AbortSignal,
  see: () => Answer<T>,
): Promise<Answer<T>> => {
  const { clock, random, latencies } = caller
  if (signal.aborted) return givenUp
  if (caller.readFaults === undefined) {
    await clock.sleep(clock.now() + 1 + between(random, 0, latencies.callMs))
    return see()
  }
  const fault = caller.readFaults(method)
  switch (fault) {
    case null:
      return see()
    case 'lost':
      return { kind: 'unknown', because: `no answer to ${method}` }
    case 'slow':
      await clock.sleep(clock.now() + between(random, 1, latencies.lateMs))
      return see()
    case 'outdated': {
      const answer = see()
      await clock.sleep(clock.now() + between(random, 1, latencies.lateMs))
      return answer
    }
    case 'hanging':
      return new Promise<never>(() => undefined)
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
  return usesRevision ? conflictOf(object, by) : null
}

/** Somebody wrote since the caller read; null: nobody did, or the caller doesn't mind. */
export const conflictOf = ({ revision }: Pick<Versioned, 'revision'>, by: Call): Answer<never> | null =>
  by.revision !== undefined && by.revision !== String(revision)
    ? { kind: 'conflict', because: `revision ${by.revision} is old, it is ${revision} now` }
    : null
