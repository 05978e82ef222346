import type { Baseline, MoveEvent } from '../journal/events.ts'
import type { LaneState } from '../journal/move-state.ts'
import type { Gate, Step } from '../plan/plan.ts'
import {
  currentStep,
  type Decision,
  describeGoal,
  happens,
  intend,
  type MoveContext,
  type Rule,
  reachedSince,
  sameGoal,
  waits,
  waitsForPerson,
} from './decision.ts'
import { observedBetween } from './facts.ts'
import { askGate, gateName } from './gates.ts'
import { type Goal, laneOf } from './goal.ts'

const resumeCommands = (service: string): readonly string[] => [
  `titrate resume ${service}`,
  `titrate skip ${service} --because …`,
  `titrate rollback ${service}`,
]

export const restWhenSettled: Rule = ({ state }) => {
  if (state.settled === null) return null
  const label = state.settled.label === null ? '' : ` (${state.settled.label})`
  return waits(`settled on ${state.settled.on}${label}`)
}

/** Stuck: what failed is told once, and stays as it is until a person resumes, skips or rolls back. */
export const stayWhenStuck: Rule = ({ state }) =>
  state.stuck === null ? null : waitsForPerson(state.stuck.because, resumeCommands(state.service))

/** What going back restores: what stood there before the first thing that we do. */
const baselineOf = ({ facts, plan }: MoveContext): Baseline => ({
  replicas: facts.workload.blue?.value.desired ?? plan.replicas,
  version: facts.workload.blue?.value.version ?? '',
  scheduleOwner: plan.kind === 'job' ? 'blue' : null,
  suspended: facts.schedule.blue?.value.suspended ?? plan.suspended,
  green: facts.weights?.value.green ?? null,
})

const enter = (context: MoveContext, index: number): Decision => {
  const { state, plan, facts } = context
  const step = plan.steps[index]
  if (step === undefined) return happens({ kind: 'settled', on: 'green', label: labelOf(context) })
  if (step.crossing && state.order !== 'cross') return waits(`prepared; waits to cross: ${state.orderBecause}`)
  return happens({ kind: 'entered', step: index, name: step.name, restarts: facts.workload.green?.value.restarts ?? 0 })
}

const labelOf = ({ state, plan }: MoveContext): Extract<MoveEvent, { kind: 'settled' }>['label'] => {
  if (plan.suspended) return 'suspended'
  if (plan.unproven !== null) return 'unproven'
  if (state.unproven) return 'timed, unproven'
  return plan.steps.some((step) => step.after.some((gate) => gate.kind === 'verdict')) ? 'proven' : null
}

/** The lane of the step's goal, if it was intended in this step (and not before a person let it try again). */
const laneOfStep = ({ state }: MoveContext, goal: Goal): LaneState | null => {
  const lane = state.lanes[laneOf(goal)]
  const notBefore = Math.max(state.enteredAt ?? 0, state.resumedAt ?? 0)
  return lane !== undefined && sameGoal(lane.goal, goal) && lane.intendedAt >= notBefore ? lane : null
}

const passGates = (context: MoveContext, gates: readonly Gate[], when: 'before' | 'after'): Decision | null => {
  const { state } = context
  for (const gate of gates) {
    const name = `${when} ${gateName(gate)}`
    if (state.passed.includes(name)) continue
    const answer = askGate(gate, context)
    switch (answer.kind) {
      case 'met':
        return happens({ kind: 'gate passed', step: state.step, gate: name, because: answer.because })
      case 'failed':
        return happens({ kind: 'stuck', because: answer.because })
      case 'open':
        if (answer.approval === null) return limited(context, gate, answer.because, answer.wakeAt)
        return {
          events: [],
          wakeAt: answer.wakeAt,
          waiting: {
            because: answer.because,
            person: true,
            actions: [
              `titrate approve ${answer.approval} --service ${state.service}`,
              `titrate reject ${answer.approval} --service ${state.service}`,
            ],
            approval: answer.approval,
          },
        }
      default:
        return answer satisfies never
    }
  }
  return null
}

/** Readiness is bounded by the step's limit; a verdict, a soak, runs, a calendar take the time that they take. */
const limited = (context: MoveContext, gate: Gate, because: string, wakeAt: number | null): Decision => {
  if (gate.kind === 'verdict') return beforeBlind(context, because)
  if (gate.kind !== 'ready') return waits(because, wakeAt)
  return beforeLimit(context, because)
}

/** A judge that never says anything is as good as blind: people hear of it after the same time. */
const beforeBlind = (context: MoveContext, because: string): Decision => {
  const { state, plan, gaps, now } = context
  const since = reachedSince(context)
  if (since === null || (state.judged !== null && state.judged.step === state.step)) return waits(because)
  const limit = plan.policy.blindLimitMs
  const spent = observedBetween(since, now, gaps)
  if (spent < limit) return waits(because, now + limit - spent)
  return waitsForPerson(`blind for ${Math.round(limit / 1000)} s: ${because}`, [
    `titrate rollback ${state.service}`,
    'look at the metrics: it goes on by itself when they come',
  ])
}

const beforeLimit = (context: MoveContext, because: string): Decision => {
  const { state, gaps, now } = context
  const limitMs = currentStep(context)?.limitMs ?? 0
  const since = Math.max(state.enteredAt ?? now, state.resumedAt ?? 0)
  const spent = observedBetween(since, now, gaps)
  if (spent < limitMs) return waits(because, now + limitMs - spent)
  return happens({
    kind: 'stuck',
    because: `"${currentStep(context)?.name}" took longer than ${Math.round(limitMs / 1000)} s: ${because}`,
  })
}

const timeIsLeft = (context: MoveContext): boolean => {
  const { state, gaps, now } = context
  const since = Math.max(state.enteredAt ?? now, state.resumedAt ?? 0)
  return observedBetween(since, now, gaps) < (currentStep(context)?.limitMs ?? 0)
}

const act = (context: MoveContext, step: Step, goal: Goal): Decision | null => {
  const { state, facts } = context
  const lane = laneOfStep(context, goal)
  if (lane === null) {
    const events: MoveEvent[] =
      state.baseline === null ? [{ kind: 'baseline recorded', baseline: baselineOf(context) }] : []
    return happens(...events, intend(context, goal, `step "${step.name}"`, step.limitMs))
  }
  const { outcome } = lane
  if (outcome === null) {
    const problem = facts.workload.green?.value.problem ?? null
    return beforeLimit(context, `under way: ${describeGoal(goal)}${problem === null ? '' : ` (green: ${problem})`}`)
  }
  if (outcome.kind === 'done') return null
  // Its time ran out while nobody watched: limits are longer by that, so it is tried again.
  const wasCutShort = outcome.kind === 'unknown' && lane.actUntil <= context.now && timeIsLeft(context)
  if (wasCutShort || outcome.kind === 'superseded')
    return happens(intend(context, goal, `step "${step.name}", again`, step.limitMs))
  return happens({ kind: 'stuck', because: `"${step.name}" failed: ${outcome.because}` })
}

/** One step at a time: gates before, the goal, gates after, then the next step; after the last one the move has settled. */
export const takeNextStep: Rule = (context) => {
  const { state } = context
  if (state.order === 'stay') return waits(state.orderBecause)
  const step = currentStep(context)
  if (step === null) return enter(context, state.step + 1)
  const decision =
    passGates(context, step.before, 'before') ??
    (step.goal === null ? null : act(context, step, step.goal)) ??
    passGates(context, step.after, 'after')
  return decision ?? enter(context, state.step + 1)
}
