import type { JournalState } from '../journal/fold.ts'
import { newMove } from '../journal/move-state.ts'
import { decideMove, type MoveDecision } from '../moves/decide-move.ts'
import type { MoveContext } from '../moves/decision.ts'
import type { MoveFacts } from '../moves/facts.ts'
import type { Millis } from '../moves/goal.ts'
import { type MoveReport, reportMove } from '../moves/report.ts'
import type { Plan } from '../plan/plan.ts'
import { viewEngine } from './engine-view.ts'
import { factsOf, type StoredFacts } from './stored-facts.ts'

export type MoveSeen = {
  readonly context: MoveContext
  readonly decision: MoveDecision
  readonly report: MoveReport
}

/**
 * What time it is for waits and soaks: while nobody watches it stands still, because unwatched time counts for nothing.
 */
export const watchedNow = (journal: JournalState, stored: StoredFacts, now: Millis): Millis => {
  const engine = viewEngine(journal, stored, now)
  return engine.alive ? now : Math.min(now, Math.max(engine.seenAt ?? 0, journal.lastAt))
}

/** Asks the pure decider of every move what it would do and what it waits for, as the engine does, from what is stored. */
export const seeMoves = (
  journal: JournalState,
  plan: Plan,
  stored: StoredFacts,
  now: Millis,
  windows: MoveFacts['windows'] = {},
): ReadonlyMap<string, MoveSeen> => {
  const watched = watchedNow(journal, stored, now)
  const { gaps } = journal.release
  return new Map(
    Object.values(plan.moves).map((move): [string, MoveSeen] => {
      const state = journal.moves.get(move.service) ?? newMove(move.service)
      const facts = { ...factsOf(stored, move.service, journal), windows }
      const context = { state, plan: move, facts, gaps, now: watched }
      const decision = decideMove(context)
      return [move.service, { context, decision, report: reportMove(state, move, decision) }]
    }),
  )
}
