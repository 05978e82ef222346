import type { Clock } from './clock.ts'
import { restUntil } from './rest-until.ts'
import type { StreamEvent } from './turn-loop.ts'

/** What happened since the last turn. Anyone may put in; only the turn takes out. */
export type Inbox = {
  put(...events: readonly StreamEvent[]): void
  /** What was taken and found no room, to be the oldest again. */
  putBack(events: readonly StreamEvent[]): void
  /** Something may have changed: time for a turn. */
  nudge(): void
  /** The oldest, at most so many: the rest is for the next turn. */
  take(most: number): readonly StreamEvent[]
  isEmpty(): boolean
  /** Waits for a nudge, an event, or the instant. */
  wait(until: number, clock: Clock, signal: AbortSignal): Promise<void>
}

export const createInbox = (): Inbox => {
  let events: StreamEvent[] = []
  let nudged = false
  let wake: (() => void) | null = null
  const nudge = (): void => {
    nudged = true
    wake?.()
  }
  return {
    put: (...more) => {
      if (more.length === 0) return
      events.push(...more)
      nudge()
    },
    putBack: (taken) => {
      events = [...taken, ...events]
    },
    nudge,
    take: (most) => {
      const taken = events.slice(0, most)
      events = events.slice(most)
      nudged = false
      return taken
    },
    isEmpty: () => events.length === 0,
    wait: (until, clock, signal) =>
      nudged
        ? Promise.resolve()
        : restUntil(clock, until, signal, (end) => {
            wake = end
          }),
  }
}
