import type { Millis } from '../moves/goal.ts'
import type { HandoffMemo, HandoffWorld, ScheduleFacts, ScheduleOnSide } from './handoff-world.ts'
import type { Reached } from './reached.ts'

/** Cursors are whole seconds everywhere. */
const secondMs = 1_000
const wholeSecond = (at: Millis): Millis => Math.floor(at / secondMs) * secondMs

export const newest = (instants: readonly (Millis | null)[]): Millis | null =>
  instants.reduce((best, at) => (at !== null && (best === null || at > best) ? at : best), null)

export const schedulesSeen = (world: Pick<HandoffWorld, 'blue' | 'green'>): readonly ScheduleFacts[] =>
  [world.blue, world.green].flatMap((side: Reached<ScheduleOnSide>) =>
    side.kind === 'seen' ? [side.value.schedule] : [],
  )

/**
 * C: every tick up to here has run, or is dealt with. It is the newest over *both* sides of cursor and known runs,
 * because a cursor may lag behind the runs, and because with one side alone a rollback in the middle would start from
 * the creation of the other. A tick that `Forbid` holds back has not run: C stays before it.
 * With nothing at all: the creation of the older side, so that no tick from before it is invented.
 */
export const cursorOf = (
  schedules: readonly ScheduleFacts[],
  known: { readonly ran: Millis | null; readonly ledger: Millis | null },
): Millis => {
  const ran = newest([...schedules.map((schedule) => schedule.newestRun), known.ran, known.ledger])
  const reached = newest([ran, ...schedules.map((schedule) => schedule.cursor)])
  const base = reached ?? wholeSecond(Math.min(...schedules.map((schedule) => schedule.createdAt)))
  const pending = schedules
    .map((schedule) => schedule.pending)
    .filter((tick) => tick !== null)
    .filter((tick) => ran === null || tick > ran)
  return pending.length === 0 ? base : Math.min(base, Math.min(...pending) - secondMs)
}

/**
 * Ticks that our tombstones took from the old owner while it still ran a later one, so that the cursor is past them:
 * nobody else will ever run them.
 */
export const orphans = (memo: HandoffMemo, old: ScheduleFacts | null): readonly Millis[] => {
  const ranLater = newest([memo.oldRan, old?.newestRun ?? null])
  return memo.fenced.filter((tick) => ranLater !== null && tick < ranLater && !memo.byHand.includes(tick))
}

/** Ticks that passed after the cursor, ascending: the newest is caught up at resume, older ones are missed. */
export const dueTicks = (ticks: readonly Millis[], cursor: Millis, clock: Millis): readonly Millis[] =>
  ticks.filter((tick) => tick > cursor && tick <= clock)

/** Of the past, only the newest ticks can still be run by a scheduler that has not seen the pause. */
const pastTicksFenced = 20

/** Ticks that must carry our tombstone: the newest past ones, and all up to the horizon (at least the next one). */
export const ticksToFence = (
  ticks: readonly Millis[],
  cursor: Millis,
  clock: Millis,
  horizonMs: Millis,
): readonly Millis[] => {
  const open = ticks.filter((tick) => tick > cursor)
  const past = open.filter((tick) => tick <= clock).slice(-pastTicksFenced)
  const ahead = open.filter((tick) => tick > clock)
  return [...past, ...ahead.filter((tick, index) => index === 0 || tick <= clock + horizonMs)]
}

/** The time between the ticks around `clock`; null: it can't be told, or the schedule never fires again. */
export const periodAround = (ticks: readonly Millis[], cursor: Millis, clock: Millis): Millis | null => {
  const next = ticks.find((tick) => tick > clock)
  if (next === undefined) return null
  const last = ticks.filter((tick) => tick <= clock).at(-1) ?? cursor
  return next - last
}
