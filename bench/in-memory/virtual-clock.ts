import type { Clock } from '../../src/engine/clock.ts'

/** Time that passes only when nothing is left to do: an hour takes as long as its work. */
export type VirtualClock = Clock & {
  /** Lets time pass until the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>
}

type Sleeper = { readonly until: number; readonly wake: () => void; done: boolean }

/** What is under way beside timers has had its turn after so many rounds of the event loop. */
const rounds = 3

const nextRound = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export const createVirtualClock = (start: number): VirtualClock => {
  let now = start
  let sleepers: Sleeper[] = []
  const sleep = (until: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve()
        return
      }
      const sleeper: Sleeper = { until, wake, done: false }
      function wake(): void {
        if (sleeper.done) return
        sleeper.done = true
        signal.removeEventListener('abort', wake)
        resolve()
      }
      signal.addEventListener('abort', wake, { once: true })
      sleepers.push(sleeper)
    })
  return {
    now: () => now,
    monotonic: () => now,
    sleep,
    rest: (until) => {
      const stop = new AbortController()
      return { over: sleep(until, stop.signal), end: () => stop.abort('woken') }
    },
    after: (ms, act) => {
      const stop = new AbortController()
      void sleep(now + ms, stop.signal).then(() => {
        if (!stop.signal.aborted) act()
      })
      return () => stop.abort('in time')
    },
    run: async (signal) => {
      while (!signal.aborted) {
        for (let round = 0; round < rounds; round += 1) await nextRound()
        sleepers = sleepers.filter(({ done }) => !done)
        const next = sleepers.reduce((least, { until }) => Math.min(least, until), Number.POSITIVE_INFINITY)
        if (next === Number.POSITIVE_INFINITY) continue
        now = Math.max(now, next)
        for (const sleeper of sleepers) if (sleeper.until <= now) sleeper.wake()
      }
    },
  }
}
