import type { ConcurrencyPolicy } from '../inventory/estate.ts'
import type { Fence, IntentId, Millis, Side } from '../moves/goal.ts'
import type { MissedRuns } from '../plan/policy.ts'
import type { Mark, Reached } from './reached.ts'

/** What the handoff needs to know of a schedule on one side; the ports' `ScheduleSeen` is one. */
export type ScheduleFacts = {
  /** Why its ticks can't be told for sure; null: they can. */
  readonly unsure: string | null
  readonly concurrency: ConcurrencyPolicy
  readonly deadlineMs: Millis | null
  readonly suspended: boolean
  readonly cursor: Millis | null
  readonly createdAt: Millis
  readonly active: readonly { readonly name: string; readonly tick: Millis | null }[]
  readonly newestRun: Millis | null
  readonly pending: Millis | null
  readonly fenced: readonly Millis[]
  readonly passesSinceChange: number
  /** Why nothing keeps others from starting it while it is paused; null: something does, or nobody else would. */
  readonly unguarded: string | null
  readonly revision: string
  readonly stamp: Mark | null
  readonly now: Millis
}

/** A schedule with its ticks in the world's window, ascending, by its own side's reading of cron and zone. */
export type ScheduleOnSide = { readonly schedule: ScheduleFacts; readonly ticks: readonly Millis[] }

export type HandoffWorld = {
  readonly blue: Reached<ScheduleOnSide>
  readonly green: Reached<ScheduleOnSide>
  /** The window of `ticks`: after `ticksFrom` up to the horizon, and at least to the next tick (where there is one). */
  readonly ticksFrom: Millis
  readonly horizonMs: Millis
  /** Why the zone's clocks make a handoff ambiguous today; null: they don't. Computed by the observer. */
  readonly clockChange: string | null
}

export type HandoffLimits = {
  /** How far from a tick a handoff starts, where the schedule leaves room for it. */
  readonly quietMs: Millis
  /** The longest pause, beside the period and the deadline; null: only those. */
  readonly pauseCapMs: Millis | null
  /** How long a paused schedule waits for a run that `Forbid` or `Replace` can't leave behind. */
  readonly forbidWaitMs: Millis
  readonly maxSkewMs: Millis
  /** How often something that may change at any time is looked at. */
  readonly pollMs: Millis
  /** When to look again after what only people or time can mend. */
  readonly retryMs: Millis
}

export const defaultHandoffLimits: HandoffLimits = {
  quietMs: 5_000,
  pauseCapMs: null,
  forbidWaitMs: 600_000,
  maxSkewMs: 2_000,
  pollMs: 50,
  retryMs: 5_000,
}

export type HandoffGoal = {
  readonly kind: 'schedule'
  readonly owner: Side
  readonly intent: IntentId
  readonly fence: Fence
  /** It was suspended on blue before the release: then it stays so on both sides. */
  readonly suspended: boolean
  readonly missed: MissedRuns
  /** A side that a person declared dead: nothing is asked of it when it doesn't answer. */
  readonly assumeDead: Side | null
  /** The newest tick known from elsewhere (the ledger) to have run; null: nothing is known. */
  readonly knownRun: Millis | null
  readonly limits: HandoffLimits
}

export type HandoffAction =
  | { readonly kind: 'stamp'; readonly side: Side; readonly intent: IntentId }
  | { readonly kind: 'pause' | 'barrier'; readonly side: Side; readonly intent: IntentId }
  | { readonly kind: 'fence'; readonly side: Side; readonly intent: IntentId; readonly ticks: readonly Millis[] }
  | { readonly kind: 'unfence'; readonly side: Side; readonly intent: IntentId; readonly after: Millis }
  | { readonly kind: 'set cursor'; readonly side: Side; readonly intent: IntentId; readonly cursor: Millis }
  | { readonly kind: 'run'; readonly side: Side; readonly intent: IntentId; readonly tick: Millis }
  | { readonly kind: 'resume'; readonly side: Side; readonly intent: IntentId }

/** What `fence` answers: which ticks now carry our tombstone, and which the side had run already. */
export type Fenced = { readonly fenced: readonly Millis[]; readonly ran: readonly Millis[] }

/** What one attempt knows beyond the world. All of it may be lost at any time. */
export type HandoffMemo = {
  readonly pausedAt: Millis | null
  readonly resumedAt: Millis | null
  /** Time spent paused only because a run had to end. */
  readonly waitedMs: Millis
  readonly waitingSince: Millis | null
  readonly quietSince: Millis | null
  /** Since when this attempt watches a `Forbid` run before the pause; ahead of now: from when on. */
  readonly heldSince: Millis | null
  /** The old owner's scheduler is known to have seen the pause. */
  readonly barrier: boolean
  /** Newest tick that a fence or a run by hand showed to have run. */
  readonly ran: Millis | null
  /** The same, of runs by the old owner only. */
  readonly oldRan: Millis | null
  readonly fenced: readonly Millis[]
  readonly byHand: readonly Millis[]
  /** How many ticks were due when the first of them was run; null: none was. */
  readonly dueAtFirst: number | null
  /** When the newest of them was run. */
  readonly byHandAt: Millis | null
  /** A run was seen to last longer than it is to the next tick: what is missed can't be caught up one after the other. */
  readonly outlasted: boolean
  readonly skipped: readonly Millis[]
  /** Cursor that the new owner was resumed with, and the ticks after it as far as they were computed. */
  readonly cursor: Millis | null
  readonly ahead: readonly Millis[]
  readonly mayRunTwice: readonly Millis[]
  /** Set when the schedule goes back to the old owner; `final`: the goal itself was refused, don't try again. */
  readonly back: { readonly because: string; readonly final: boolean } | null
}

export const emptyHandoffMemo: HandoffMemo = {
  pausedAt: null,
  resumedAt: null,
  waitedMs: 0,
  waitingSince: null,
  quietSince: null,
  heldSince: null,
  barrier: false,
  ran: null,
  oldRan: null,
  fenced: [],
  byHand: [],
  dueAtFirst: null,
  byHandAt: null,
  outlasted: false,
  skipped: [],
  cursor: null,
  ahead: [],
  mayRunTwice: [],
  back: null,
}
