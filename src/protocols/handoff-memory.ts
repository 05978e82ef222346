import { type Json, type Millis, otherSide, type Side } from '../moves/goal.ts'
import { newest, orphans } from './handoff-cursor.ts'
import {
  emptyHandoffMemo,
  type Fenced,
  type HandoffAction,
  type HandoffGoal,
  type HandoffMemo,
  type ScheduleFacts,
  type ScheduleOnSide,
} from './handoff-world.ts'
import { type Reached, why } from './reached.ts'

const isFenced = (value: unknown): value is Fenced =>
  typeof value === 'object' && value !== null && 'fenced' in value && 'ran' in value

/** What the answer to an action teaches that a later read might not show (a run's record may be deleted at any time). */
export const rememberHandoff = (memo: HandoffMemo, action: HandoffAction, value: unknown, now: Millis): HandoffMemo => {
  switch (action.kind) {
    case 'barrier':
      return { ...memo, barrier: true }
    case 'fence': {
      if (!isFenced(value)) return memo
      return {
        ...memo,
        ran: newest([memo.ran, ...value.ran]),
        oldRan: newest([memo.oldRan, ...value.ran]),
        fenced: [...memo.fenced, ...value.fenced.filter((tick) => !memo.fenced.includes(tick))],
      }
    }
    case 'run':
      return {
        ...memo,
        ran: newest([memo.ran, action.tick]),
        byHand: [...memo.byHand, action.tick],
      }
    case 'resume':
      return { ...memo, resumedAt: now }
    case 'stamp':
    case 'pause':
    case 'unfence':
    case 'set cursor':
      return memo
    default:
      return action satisfies never
  }
}

/** What an attempt that turns round still has to know: ticks that it took and nobody ran stay ours to see to. */
export const handedBack = (
  memo: HandoffMemo,
  old: ScheduleFacts | null,
  back: NonNullable<HandoffMemo['back']>,
): HandoffMemo => ({
  ...emptyHandoffMemo,
  ran: memo.ran,
  oldRan: newest([memo.oldRan, old?.newestRun ?? null]),
  fenced: orphans(memo, old),
  back,
})

/** A refusal in the middle of the way forward would leave nobody running the schedule: it is handed back first. */
export const handBackAfterRefusal = (goal: HandoffGoal, memo: HandoffMemo, because: string): HandoffMemo | null =>
  goal.owner === 'blue' || memo.pausedAt === null || memo.back !== null
    ? null
    : handedBack(memo, null, { because, final: true })

/** Ticks that had passed when the new owner was resumed. */
export const passedAt = ({ resumedAt, ahead }: HandoffMemo): readonly Millis[] =>
  resumedAt === null ? [] : ahead.filter((tick) => tick <= resumedAt)

export const isDealtWith = ({ byHand, skipped }: HandoffMemo, tick: Millis): boolean =>
  byHand.includes(tick) || skipped.includes(tick)

/** Those of them that the catch-up of the newest one leaves out. */
export const passedWhilePaused = (memo: HandoffMemo): readonly Millis[] => passedAt(memo).slice(0, -1)

/** What people should know of the side that was stopped; null: nothing. */
const noteOf = (old: Side, from: Reached<ScheduleOnSide>): string | null => {
  if (from.kind !== 'seen') return `${old} was not asked to stop: ${why(from)}`
  const { unguarded } = from.value.schedule
  return unguarded === null ? null : `${old} stays stopped until someone unsuspends it: ${unguarded}`
}

/** What the journal keeps of a handoff that is done. */
export const resultOf = ({
  memo,
  goal,
  owner,
  from,
}: {
  readonly memo: HandoffMemo
  readonly goal: HandoffGoal
  readonly owner: Side
  readonly from: Reached<ScheduleOnSide>
}): Json => {
  const skipped = [...memo.skipped, ...passedWhilePaused(memo).filter((tick) => !isDealtWith(memo, tick))]
  return {
    owner,
    cursor: memo.cursor,
    fenced: memo.fenced,
    pauseMs: memo.pausedAt === null || memo.resumedAt === null ? null : memo.resumedAt - memo.pausedAt,
    waitedMs: memo.waitedMs,
    missed: { policy: goal.missed, skipped, byHand: memo.byHand },
    late: passedAt(memo).slice(-1),
    mayRunTwice: memo.mayRunTwice,
    note: noteOf(otherSide(owner), from),
  }
}
