import { performance } from 'node:perf_hooks'
import type { Clock } from '../engine/clock.ts'

/** Timers of Node can't wait longer than this at once. */
const longestTimerMs = 2_000_000_000

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (until, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve()
        return
      }
      const end = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, Math.min(longestTimerMs, Math.max(0, until - Date.now())))
      signal.addEventListener('abort', end, { once: true })
    }),
  rest: (until) => {
    const { promise: over, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, Math.min(longestTimerMs, Math.max(0, until - Date.now())))
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    return { over, end }
  },
  after: (ms, act) => {
    const timer = setTimeout(act, Math.min(longestTimerMs, ms))
    return () => clearTimeout(timer)
  },
}
