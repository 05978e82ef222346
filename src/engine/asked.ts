import type { Millis } from '../moves/goal.ts'
import type { Reached } from '../protocols/reached.ts'
import type { Clock } from './clock.ts'
import type { Answer } from './ports.ts'
import { whenAborted } from './when-aborted.ts'

/** Whose time limits an answer, and what ends the asking before. */
export type Asking = { readonly clock: Pick<Clock, 'after'>; readonly signal: AbortSignal }

/** How long a side may take to answer a read before it counts as unreachable for this look. */
export const readLimitMs = 2_000
/** How long a port may take over one act before its outcome is unknown. */
export const actLimitMs = 5_000

/**
 * Reads of a side as facts: a side that doesn't answer in time, or has no such thing, is no exception.
 * The limit holds even for a port that ignores its signal.
 */
export const asked = <T>(
  ask: (signal: AbortSignal) => Promise<Answer<T>>,
  asking: Asking,
  limitMs = readLimitMs,
): Promise<Reached<T>> => within(ask, asking, limitMs, reachedBy<T>)

const reachedBy = <T>(answer: Answer<T>): Reached<T> => {
  switch (answer.kind) {
    case 'ok':
      return { kind: 'seen', value: answer.value }
    case 'refused':
      return { kind: 'absent', because: answer.because }
    case 'conflict':
    case 'unknown':
      return { kind: 'unreachable', because: answer.because }
    default:
      return answer satisfies never
  }
}

/**
 * A call with a limit: past it, `unknown`; it may still land. A controller of its own for each call, because
 * signals derived from a long-lived one stay with it.
 */
export const limited = <T>(
  ask: (signal: AbortSignal) => Promise<Answer<T>>,
  asking: Asking,
  limitMs = actLimitMs,
): Promise<Answer<T>> => within(ask, asking, limitMs, asItIs<T>)

const asItIs = <T>(answer: Answer<T>): Answer<T> => answer

/** The call of `limited`, whose answer is handed on `as` something else. */
const within = <T, R>(
  ask: (signal: AbortSignal) => Promise<Answer<T>>,
  { clock, signal }: Asking,
  limitMs: Millis,
  as: (answer: Answer<T>) => R,
): Promise<R> => {
  if (signal.aborted) return Promise.resolve(as(neverAsked))
  const controller = new AbortController()
  // One promise, and no race of several: an engine asks more often than it does anything else.
  return new Promise((resolve, reject) => {
    const stop = (because: string): void => {
      end()
      resolve(as({ kind: 'unknown', because }))
      controller.abort(because)
    }
    const inTime = clock.after(limitMs, () => stop(`no answer within ${limitMs} ms`))
    const notStopped = whenAborted(signal, () => stop('it was stopped while it was asked'))
    const end = (): void => {
      inTime()
      notStopped()
    }
    const failed = (error: unknown): void => {
      end()
      reject(error)
    }
    try {
      ask(controller.signal).then((answer) => {
        end()
        resolve(as(answer))
      }, failed)
    } catch (error) {
      // A port may throw before it gives a promise.
      failed(error)
    }
  })
}

const neverAsked = { kind: 'unknown', because: 'it was stopped before it was asked' } as const
