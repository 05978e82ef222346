import type { Clock } from './clock.ts'
import type { StreamEvent } from './turn-loop.ts'

/** What happened since the last turn. Anyone may put in; only the turn takes out. */
export type Inbox = {
  put(...events: readonly StreamEvent[]): void
  /** Something may have changed: time for a turn. */
  nudge(): void
  /** The oldest, at most so many: the rest is for the next turn. */
  take(most: number): readonly StreamEvent[]
  isEmpty(): boolean
  /** Waits for a nudge, an event, or the instant (null: none). */
  wait(until: number | null, clock: Clock, signal: AbortSignal): Promise<void>
}

export const createInbox = (): Inbox => {
  let events: StreamEvent[] = []
  let nudged = false
  let wake = (): void => undefined
  const nudge = (): void => {
    nudged = true
    wake()
  }
  return {
    put: (...more) => {
      events.push(...more)
      nudge()
    },
    nudge,
    take: (most) => {
      const taken = events.slice(0, most)
      events = events.slice(most)
      nudged = false
      return taken
    },
    isEmpty: () => events.length === 0,
    wait: async (until, clock, signal) => {
      if (nudged || signal.aborted) return
      const stop = new AbortController()
      wake = () => stop.abort()
      const either = AbortSignal.any([signal, stop.signal])
      if (until !== null) await clock.sleep(until, either)
      else await new Promise<void>((resolve) => either.addEventListener('abort', () => resolve(), { once: true }))
    },
  }
}
