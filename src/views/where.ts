import type { MoveState } from '../journal/move-state.ts'
import { isCrossing } from '../moves/decision.ts'
import type { MoveFacts } from '../moves/facts.ts'
import type { Side } from '../moves/goal.ts'
import type { MoveReport } from '../moves/report.ts'
import type { MovePlan } from '../plan/plan.ts'

export type Place = Side | 'between'

/** Where users, work or ticks of a service are now. */
export const placeOf = (state: MoveState, plan: MovePlan, facts: MoveFacts): Place => {
  if (state.settled !== null) return state.settled.on
  if (state.skipped !== null || !(isCrossing(state, plan) || state.order === 'back')) return 'blue'
  const weights = state.lanes.weights
  if (plan.kind === 'exposed') return weights === undefined && facts.weights === null ? 'blue' : 'between'
  return Object.keys(state.lanes).length === 0 ? 'blue' : 'between'
}

export const stateWords = [
  'not begun',
  'preparing',
  'moving',
  'paused',
  'held',
  'waits for a person',
  'going back',
  'back on blue',
  'stuck',
  'skipped',
  'settled',
] as const
export type StateWord = (typeof stateWords)[number]

/** What a service is doing, in one word. `isOver`: the release has ended, so nobody is waited for. */
export const stateWordOf = (state: MoveState, plan: MovePlan, report: MoveReport, isOver: boolean): StateWord => {
  const needsPerson = report.waiting?.person === true && !isOver
  if (state.skipped !== null) return 'skipped'
  if (state.settled?.on === 'green' && state.order !== 'back') return needsPerson ? 'waits for a person' : 'settled'
  if (state.settled?.on === 'blue') return 'back on blue'
  if (state.stuck !== null) return 'stuck'
  if (state.order === 'back' || state.askedBack !== null) return 'going back'
  if (state.held !== null || state.order === 'hold') return 'held'
  if (needsPerson) return 'waits for a person'
  if (state.paused !== null) return 'paused'
  if (state.step < 0) return 'not begun'
  return isCrossing(state, plan) ? 'moving' : 'preparing'
}
