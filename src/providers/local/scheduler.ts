import type { ConcurrencyPolicy } from '../../inventory/estate.ts'
import type { Millis } from '../../moves/goal.ts'
import type { Timetable } from '../timetable.ts'

/** All that the decision "what runs now" looks at. */
export type SchedulerInput = {
  readonly timetable: Timetable
  readonly concurrency: ConcurrencyPolicy
  /** How late a tick may still start; null: any time. */
  readonly deadlineMs: Millis | null
  readonly suspended: boolean
  /** Every tick up to here was dealt with; null: none yet. */
  readonly cursor: Millis | null
  readonly createdAt: Millis
  /**
   * Since when passes have followed each other without a gap while the schedule was awake; null: they have not.
   * Of the ticks before it only the most recent is caught up; those after it are all made, however late the pass.
   */
  readonly awakeSince: Millis | null
  /** Whether a run is going on. */
  readonly active: boolean
  /** Whether the run table has the tick already: a run, or a tombstone. */
  readonly taken: (tick: Millis) => boolean
  readonly now: Millis
}

export type SchedulerDecision = {
  /** Ticks to run now, ascending. More than one only where they may overlap. */
  readonly start: readonly Millis[]
  /** Every tick up to here has been dealt with now. */
  readonly cursor: Millis | null
  /** A tick that waits for the active run to end. */
  readonly pending: Millis | null
  /** `Replace`: the active run must end for the pending tick. */
  readonly endActive: boolean
  /** Ticks that will not run: too late, or older than the one caught up. */
  readonly missed: number
  /** When to look again; null: not before something changes. */
  readonly nextAt: Millis | null
}

/** Decides what a schedule runs now. Kubernetes' rules: one catch-up, a deadline, and what may overlap. */
export const decideSchedule = (input: SchedulerInput): SchedulerDecision => {
  const { now, timetable } = input
  const since = input.cursor ?? input.createdAt
  const nothing = { start: [], cursor: input.cursor, pending: null, endActive: false, missed: 0 }
  if (input.suspended) return { ...nothing, nextAt: null }
  const nextAt = timetable.next(Math.max(now, since))
  const due = dueTicks(timetable, since, input.awakeSince, now)
  if (due.length === 0) return { ...nothing, nextAt }

  const candidates = due.filter((tick) => !input.taken(tick))
  const runnable = candidates.filter((tick) => input.deadlineMs === null || now - tick <= input.deadlineMs)
  const last = due.at(-1) ?? since
  const missed = candidates.length - runnable.length
  if (input.concurrency === 'Allow' || runnable.length === 0) {
    return { ...nothing, start: runnable, cursor: last, missed, nextAt }
  }
  const { superseded, ...decided } = oneAtATime(input, runnable, last)
  return { ...decided, missed: missed + superseded, nextAt }
}

/** `Forbid` and `Replace`: the first tick runs when nothing else does, the newest of the others waits. */
const oneAtATime = (
  input: SchedulerInput,
  runnable: readonly Millis[],
  last: Millis,
): Pick<SchedulerDecision, 'start' | 'cursor' | 'pending' | 'endActive'> & { readonly superseded: number } => {
  const start = input.active ? [] : runnable.slice(0, 1)
  const waiting = runnable.slice(start.length)
  const pending = waiting.at(-1) ?? null
  if (pending === null) return { start, cursor: last, pending, endActive: false, superseded: 0 }
  // The cursor stays before the tick that waits, so that whoever takes over finds it not dealt with.
  const cursor = waiting.at(-2) ?? start[0] ?? input.cursor
  const endActive = input.concurrency === 'Replace' && input.active
  return { start, cursor, pending, endActive, superseded: waiting.length - 1 }
}

/** The ticks to deal with in (since, now]: all that passed while awake, and the most recent of those before. */
const dueTicks = (timetable: Timetable, since: Millis, awakeSince: Millis | null, now: Millis): Millis[] => {
  const all = awakeSince === null ? now : Math.max(since, awakeSince)
  const missed = latestTick(timetable, since, Math.min(all, now))
  const due = []
  for (let tick = timetable.next(all); tick !== null && tick <= now; tick = timetable.next(tick)) due.push(tick)
  return due.length > 0 || missed === null ? due : [missed]
}

/** The last tick in (from, until]; null: none. Looks back in growing windows, so that a long sleep costs little. */
export const latestTick = (timetable: Timetable, from: Millis, until: Millis): Millis | null => {
  for (let window = 2_000; ; window *= 4) {
    const start = Math.max(from, until - window)
    let found: Millis | null = null
    for (let tick = timetable.next(start); tick !== null && tick <= until; tick = timetable.next(tick)) found = tick
    if (found !== null || start === from) return found
  }
}
