import type { Millis } from '../moves/goal.ts'
import type { Clock } from './clock.ts'
import type { MetricsSnapshot } from './ports.ts'
import { restUntil } from './rest-until.ts'

/** Whether an instant lies in a later span of that length than one before it. */
export const beganNewSpan = (before: Millis, at: Millis, spanMs: Millis): boolean =>
  Math.floor(at / spanMs) > Math.floor(before / spanMs)

/**
 * What has settled may be measured more rarely than what is moving (`settledMs` null: it is not). Its counters are then
 * left out of the scrapes in between, so that its next sample covers the whole time since its last; and while everything
 * that is judged has settled, there are no scrapes in between at all.
 */
export const createResting = (settledMs: Millis | null, isSettled: (service: string) => boolean) => {
  /** When a service was measured last, as far as it was judged by it. */
  const last = new Map<string, Millis>()
  let wakeUp: (() => void) | null = null

  const isDue = (service: string, at: Millis): boolean =>
    settledMs === null || !isSettled(service) || beganNewSpan(last.get(service) ?? 0, at, settledMs)

  return {
    isDue,
    /**
     * Only counters of what is judged and due, where there are rests: those of the others keep their last values, so that
     * nothing is lost.
     */
    leaveOut: (snapshot: MetricsSnapshot, at: Millis, judged: () => readonly string[]): MetricsSnapshot => {
      if (settledMs === null) return snapshot
      const due = new Set(judged().filter((service) => isDue(service, at)))
      return { ...snapshot, counters: snapshot.counters.filter(({ service }) => due.has(service)) }
    },
    /**
     * Since when the sample that is taken now counts; null: since the last scrape, which was at `before`. `baseline`: where
     * there are rests, the first scrape of a service that has just begun to cross only says from where to count.
     */
    measured: (service: string, at: Millis, before: Millis): Millis | 'baseline' | null => {
      if (settledMs === null) return null
      const own = last.get(service)
      last.set(service, at)
      if (own !== undefined && isSettled(service)) return own
      return own === undefined || own < before ? 'baseline' : null
    },
    /** A service is judged now: if nobody was awake for it, it is time to measure. */
    wake: (service: string): void => {
      if (wakeUp !== null && !isSettled(service)) wakeUp()
    },
    /** Until the next scrape: the next interval, or later where all of `judged` has settled. */
    sleep: async (next: Millis, judged: readonly string[], clock: Clock, signal: AbortSignal): Promise<void> => {
      if (settledMs === null || !judged.every(isSettled)) return clock.sleep(next, signal)
      await restUntil(clock, clock.now() - (clock.now() % settledMs) + settledMs, signal, (end) => {
        wakeUp = end
      })
    },
  }
}
