import { describeGoal } from '../moves/decision.ts'
import { gateName } from '../moves/gates.ts'
import type { Millis } from '../moves/goal.ts'
import { boundFalseAlarms } from '../plan/false-alarms.ts'
import type { Gate, MoveKind, MovePlan, Plan, Step } from '../plan/plan.ts'
import { duration, plural } from './words.ts'

export type StepView = {
  readonly name: string
  /** null: nothing is done, only waited. */
  readonly goal: string | null
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly expectedMs: Millis
  readonly limitMs: Millis
  /** Users, ticks or work begin to cross. */
  readonly crossing: boolean
}

export type MovePlanView = {
  readonly service: string
  readonly kind: MoveKind
  readonly kinds: readonly string[]
  readonly needs: readonly string[]
  readonly why: readonly string[]
  readonly unproven: string | null
  readonly expectedMs: Millis
  readonly steps: readonly StepView[]
}

export type PlanView = {
  readonly release: string
  readonly blue: string
  readonly green: string
  readonly expectedMs: Millis
  readonly parallelMs: Millis
  readonly waves: readonly {
    readonly number: number
    readonly phase: 'non-exposed' | 'exposed'
    readonly why: string
    readonly moves: readonly MovePlanView[]
  }[]
  readonly cycles: readonly (readonly string[])[]
  /** What the policy means for the chance of a false rollback, in words. */
  readonly falseAlarms: string
}

export const viewPlan = (plan: Plan): PlanView => ({
  release: plan.release,
  blue: plan.blue,
  green: plan.green,
  expectedMs: plan.expectedMs,
  parallelMs: plan.policy.parallelMs,
  waves: plan.waves.map(({ number, phase, why, services }) => ({
    number,
    phase,
    why,
    moves: services.flatMap((service) => {
      const move = plan.moves[service]
      return move === undefined ? [] : [viewMove(move)]
    }),
  })),
  cycles: plan.cycles,
  falseAlarms: boundFalseAlarms(plan).text,
})

const viewMove = ({ service, kind, kinds, needs, why, unproven, expectedMs, steps }: MovePlan): MovePlanView => ({
  service,
  kind,
  kinds,
  needs,
  why,
  unproven,
  expectedMs,
  steps: steps.map(viewStep),
})

const viewStep = ({ name, goal, before, after, expectedMs, limitMs, crossing }: Step): StepView => ({
  name,
  goal: goal === null ? null : describeGoal(goal),
  before: before.map(gateWords),
  after: after.map(gateWords),
  expectedMs,
  limitMs,
  crossing,
})

/** What a gate asks for, in words. */
export const gateWords = (gate: Gate): string => {
  switch (gate.kind) {
    case 'verdict':
      return 'the verdict is advance'
    case 'approval':
      return `approval "${gate.name}"${gate.by === undefined ? '' : ` by ${gate.by.join(' or ')}`}`
    case 'soak':
      return `watched for ${duration(gate.forMs)}`
    case 'good runs':
      return `${plural(gate.count, 'good run')} on green`
    case 'ready':
      return 'green is ready'
    case 'same version':
      return 'both sides run the same version'
    case 'test':
      return `the test "${gate.name}" passed`
    case 'window':
      return `"${gate.name}" is open`
    case 'condition':
      return `"${gate.name}" holds: ${gate.cel}`
    default:
      throw new Error(`a gate without words: ${gateName(gate satisfies never)}`)
  }
}
