import type { MoveEvent } from '../journal/events.ts'
import { type MoveState, standsSince } from '../journal/move-state.ts'
import type { Gap } from '../journal/release-state.ts'
import type { MovePlan, Step } from '../plan/plan.ts'
import type { MoveFacts } from './facts.ts'
import { type Goal, laneOf, type Millis } from './goal.ts'

/** What a move waits for, in words for people. `person`: nothing goes on before somebody does one of `actions`. */
export type Waiting = {
  readonly because: string
  readonly person: boolean
  readonly actions: readonly string[]
  /** A gate that waits for an approval, by name. */
  readonly approval: string | null
}

/** The answer of one rule: what happened, and when to ask again at the latest (null: when something changes). */
export type Decision = {
  readonly events: readonly MoveEvent[]
  readonly wakeAt: Millis | null
  readonly waiting: Waiting | null
}

export type MoveContext = {
  readonly state: MoveState
  readonly plan: MovePlan
  readonly facts: MoveFacts
  readonly gaps: readonly Gap[]
  readonly now: Millis
}

/** Nothing to say before that instant: the next rule is asked now, and all of them again then. */
export const wakes = (at: Millis): Decision => ({ events: [], wakeAt: at, waiting: null })

/** A rule answers, or passes the question on: null, or an answer that only says when to ask again. */
export type Rule = (context: MoveContext) => Decision | null

export const happens = (...events: readonly MoveEvent[]): Decision => ({ events, wakeAt: null, waiting: null })

export const waits = (because: string, wakeAt: Millis | null = null): Decision => ({
  events: [],
  wakeAt,
  waiting: { because, person: false, actions: [], approval: null },
})

export const waitsForPerson = (
  because: string,
  actions: readonly string[],
  wakeAt: Millis | null = null,
): Decision => ({
  events: [],
  wakeAt,
  waiting: { because, person: true, actions, approval: null },
})

export const currentStep = ({ state, plan }: MoveContext): Step | null => plan.steps[state.step] ?? null

/**
 * Since when the current step's goal holds (a step without a goal: since it was entered, and nothing had to be put right);
 * null: not yet, or not now.
 */
export const reachedSince = (context: MoveContext): Millis | null => {
  const { state } = context
  const step = currentStep(context)
  if (step === null || step.goal !== null) return standsSince(state)
  if (Object.values(state.lanes).some(({ outcome }) => outcome === null)) return null
  const entered = Math.max(state.enteredAt ?? 0, state.resumedAt ?? 0, state.eraAt ?? 0)
  return standsSince({ ...state, reachedAt: Math.max(entered, state.reachedAt ?? 0) })
}

/** Whether the service's users or work are on green by our doing: a weight above 0, the schedule, a share of the replicas. */
export const isCrossing = (state: MoveState, plan: MovePlan): boolean => {
  if (state.settled !== null) return state.settled.on === 'green'
  return plan.steps.some((step, index) => index <= state.step && step.crossing)
}

export const intend = ({ state, now }: MoveContext, goal: Goal, because: string, limitMs: Millis): MoveEvent => ({
  kind: 'intended',
  intent: `${state.service}/${laneOf(goal)}/${state.intents + 1}`,
  goal,
  because,
  actUntil: now + limitMs,
})

export const sameGoal = (a: Goal, b: Goal): boolean => {
  switch (a.kind) {
    case 'provision':
      return b.kind === 'provision'
    case 'workload':
      return b.kind === 'workload' && a.blue === b.blue && a.green === b.green
    case 'schedule':
      return b.kind === 'schedule' && a.owner === b.owner
    case 'weights':
      return b.kind === 'weights' && a.green === b.green
    case 'data':
      return b.kind === 'data' && a.primary === b.primary
    case 'test':
      return b.kind === 'test' && a.name === b.name
    default:
      return a satisfies never
  }
}

export const describeGoal = (goal: Goal): string => {
  switch (goal.kind) {
    case 'provision':
      return 'a sleeping copy on green'
    case 'workload':
      return `${goal.blue} replicas on blue and ${goal.green} on green`
    case 'schedule':
      return `${goal.owner} runs the schedule`
    case 'weights':
      return `green gets ${goal.green} % of the traffic`
    case 'data':
      return `${goal.primary} holds the primary`
    case 'test':
      return `the test "${goal.name}" has run`
    default:
      return goal satisfies never
  }
}
