import type { Clock } from '../engine/clock.ts'
import type { Millis } from '../moves/goal.ts'
import type { SimulatedClock } from './simulated-clock.ts'

/**
 * A process of the simulated world: an engine runs in one. Once it is killed, nothing that it waits for ever comes, and
 * nothing that it asks for is done; while it is frozen, everything waits, and then comes at once.
 */
export type SimulatedProcess = {
  readonly clock: Clock
  readonly isDead: () => boolean
  kill(): void
  /** Resolves when it goes on. */
  freeze(forMs: Millis): Promise<void>
  /** How it sees something outside: each call goes out only while it lives, each answer comes in only while it runs. */
  readonly reaches: <T extends object>(outside: T) => T
}

const isListener = (arg: unknown): arg is (...news: unknown[]) => void => typeof arg === 'function'

const never = (): Promise<never> => new Promise<never>(() => undefined)

export const createSimulatedProcess = (clock: SimulatedClock): SimulatedProcess => {
  let isDead = false
  let frozenUntil = Number.NEGATIVE_INFINITY

  /** Brings what has come to the process, as soon as it runs. */
  const deliver = <T>(value: T): T | Promise<T> => {
    if (isDead) return never()
    if (clock.now() >= frozenUntil) return value
    return clock.sleep(frozenUntil).then(() => deliver(value))
  }
  const tell = (act: () => void): void => {
    if (isDead) return
    if (clock.now() >= frozenUntil) act()
    else
      clock.at(frozenUntil, () => {
        tell(act)
        return true
      })
  }
  const own: Clock = {
    now: clock.now,
    monotonic: clock.monotonic,
    sleep: (until, signal) => (isDead ? never() : clock.sleep(until, signal).then(deliver)),
    rest: (until) => {
      if (isDead) return { over: never(), end: () => undefined }
      const { over, end } = clock.rest(until)
      return { over: over.then(deliver), end }
    },
    after: (ms, act) => (isDead ? () => undefined : clock.after(ms, () => tell(act))),
  }
  const hear = (arg: unknown): unknown => (isListener(arg) ? (...news: unknown[]) => tell(() => arg(...news)) : arg)
  const reach =
    (ask: (...args: unknown[]) => unknown) =>
    (...args: unknown[]): unknown => {
      if (isDead) return never()
      const answer = ask(...(args.some(isListener) ? args.map(hear) : args))
      return answer instanceof Promise ? answer.then(deliver, (error) => Promise.reject(deliver(error))) : answer
    }
  return {
    clock: own,
    isDead: () => isDead,
    kill: () => {
      isDead = true
    },
    freeze: (forMs) => {
      frozenUntil = Math.max(frozenUntil, clock.now() + forMs)
      return clock.sleep(frozenUntil)
    },
    // The members keep their names and shapes; only when they are called and answered is different.
    reaches: <T extends object>(outside: T): T =>
      Object.fromEntries(
        Object.entries(outside).map(([name, member]) => [name, typeof member === 'function' ? reach(member) : member]),
      ) as T,
  }
}
