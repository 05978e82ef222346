import type { LaneState } from '../journal/move-state.ts'
import { currentStep, type MoveContext } from './decision.ts'
import type { MoveFacts, Seen } from './facts.ts'
import type { Goal, Lane, Side } from './goal.ts'

export type Drift = { readonly what: string; readonly towards: Side }

type Expected = Pick<LaneState, 'goal' | 'outcome' | 'outcomeAt'>

/** Lanes in which somebody else's change can be seen. */
export const expectedLanes = ['weights', 'schedule', 'workload'] as const satisfies readonly Lane[]

const counts = <T>(seen: Seen<T> | null, after: number): seen is Seen<T> => seen !== null && seen.after >= after

const weightDrift = (goal: Goal, facts: MoveFacts, after: number): Drift | null => {
  if (goal.kind !== 'weights' || !counts(facts.weights, after)) return null
  const { green } = facts.weights.value
  if (green === goal.green) return null
  return { what: `green has ${green} % instead of ${goal.green} %`, towards: green < goal.green ? 'blue' : 'green' }
}

const scheduleDrift = ({ state, plan }: MoveContext, goal: Goal, facts: MoveFacts, after: number): Drift | null => {
  if (goal.kind !== 'schedule' || plan.suspended || state.baseline?.suspended === true) return null
  const { blue, green } = facts.schedule
  if (goal.owner === 'green') {
    if (counts(blue, after) && !blue.value.suspended) return { what: "blue's schedule was resumed", towards: 'blue' }
    if (counts(green, after) && green.value.suspended)
      return { what: "green's schedule was suspended", towards: 'blue' }
    return null
  }
  if (counts(green, after) && !green.value.suspended) return { what: "green's schedule was resumed", towards: 'green' }
  if (counts(blue, after) && blue.value.suspended) return { what: "blue's schedule was suspended", towards: 'green' }
  return null
}

const workloadDrift = (goal: Goal, facts: MoveFacts, after: number): Drift | null => {
  if (goal.kind !== 'workload') return null
  const { blue, green } = facts.workload
  if (counts(green, after) && green.value.desired !== goal.green) {
    const towards = green.value.desired < goal.green ? 'blue' : 'green'
    return { what: `green wants ${green.value.desired} replicas instead of ${goal.green}`, towards }
  }
  if (counts(blue, after) && blue.value.desired !== goal.blue) {
    const towards = blue.value.desired > goal.blue ? 'blue' : 'green'
    return { what: `blue wants ${blue.value.desired} replicas instead of ${goal.blue}`, towards }
  }
  return null
}

/** Before its first weight, an exposed service that has begun to move has no users on green. */
const untouched = (lane: Lane, { state, plan }: MoveContext): Expected | null =>
  lane === 'weights' && plan.kind === 'exposed' && state.step >= 0
    ? {
        goal: { kind: 'weights', green: 0 },
        outcome: { kind: 'done', result: null },
        outcomeAt: { position: 0, at: 0 },
      }
    : null

/** What differs from the lane's last carried-out goal; null: nothing, or nothing that can be told yet. */
export const driftOf = (lane: (typeof expectedLanes)[number], context: MoveContext): Drift | null => {
  const { state, facts } = context
  const { goal, outcome, outcomeAt } = state.lanes[lane] ?? untouched(lane, context) ?? {}
  if (goal === undefined || outcome?.kind !== 'done' || !outcomeAt) return null
  // A lane that the current step is about to change again has no settled expectation.
  if (currentStep(context) === null && state.settled === null) return null
  switch (lane) {
    case 'weights':
      return weightDrift(goal, facts, outcomeAt.position)
    case 'schedule':
      return scheduleDrift(context, goal, facts, outcomeAt.position)
    case 'workload':
      return workloadDrift(goal, facts, outcomeAt.position)
    default:
      return lane satisfies never
  }
}
