import type { Millis } from '../moves/goal.ts'

/** Wall clock for ticks and the journal, monotonic for limits. Passed in everywhere, so that tests have one of their own. */
export type Clock = {
  readonly now: () => Millis
  /** Milliseconds from an arbitrary start; never jumps. */
  readonly monotonic: () => number
  /** Resolves at the wall-clock instant, or as soon as the signal aborts. Never rejects. */
  readonly sleep: (until: Millis, signal: AbortSignal) => Promise<void>
  /** Calls back once so much time has passed, unless what it gives is called before. */
  readonly after: (ms: Millis, act: () => void) => () => void
}
