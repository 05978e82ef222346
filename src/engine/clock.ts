import type { Millis } from '../moves/goal.ts'

/** Wall clock for ticks and the journal, monotonic for limits. Passed in everywhere, so that tests have one of their own. */
export type Clock = {
  readonly now: () => Millis
  /** Milliseconds from an arbitrary start; never jumps. */
  readonly monotonic: () => number
  /** Resolves at the wall-clock instant, or as soon as the signal aborts. Never rejects. */
  readonly sleep: (until: Millis, signal: AbortSignal) => Promise<void>
  /** As `sleep`, ended by a call: where it mostly is, a signal of its own and its event cost more than what follows. */
  readonly rest: (until: Millis) => Rest
  /** Calls back once so much time has passed, unless what it gives is called before. */
  readonly after: (ms: Millis, act: () => void) => () => void
}

/** `over` resolves at its instant, or as soon as `end` is called. */
export type Rest = { readonly over: Promise<void>; readonly end: () => void }
