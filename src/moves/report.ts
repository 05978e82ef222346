import type { Order } from '../journal/events.ts'
import type { MoveState } from '../journal/move-state.ts'
import type { MovePlan } from '../plan/plan.ts'
import type { MoveDecision } from './decide-move.ts'
import { isCrossing, type Waiting } from './decision.ts'
import { gateName } from './gates.ts'
import { lanesNotBack } from './go-back.ts'
import type { Millis, Side } from './goal.ts'

/** What the release sees of a move. Never facts: only what the move itself made of them. */
export type MoveReport = {
  readonly service: string
  readonly wave: number
  readonly kind: MovePlan['kind']
  readonly order: Order
  readonly attempt: number
  readonly begun: boolean
  /** Users, ticks or work are on green by our doing, or were and are not back yet. */
  readonly crossing: boolean
  /** Its copy on green is ready for calls, or can be so only by crossing. */
  readonly reachable: boolean
  readonly step: string | null
  readonly settledOn: Side | null
  readonly settledAt: Millis | null
  /** It has settled, and something about it is being put right now. */
  readonly correcting: boolean
  readonly skipped: boolean
  readonly held: boolean
  readonly stuck: boolean
  readonly askedBack: string | null
  readonly waiting: Waiting | null
}

export const reportMove = (state: MoveState, plan: MovePlan, decision: MoveDecision | null): MoveReport => ({
  service: state.service,
  wave: plan.wave,
  kind: plan.kind,
  order: state.order,
  attempt: state.attempt,
  begun: state.intents > 0,
  crossing: isCrossing(state, plan),
  reachable: isReachable(state, plan),
  step: plan.steps[state.step]?.name ?? null,
  settledOn: state.settled?.on ?? null,
  settledAt: state.settled?.at ?? null,
  correcting:
    state.settled !== null &&
    (Object.values(state.lanes).some(({ outcome }) => outcome === null) || lanesNotBack(state, plan).length > 0),
  skipped: state.skipped !== null,
  held: state.held !== null,
  stuck: state.stuck !== null,
  askedBack: state.askedBack?.because ?? null,
  waiting: decision?.waiting ?? null,
})

/** The step that makes it ready without crossing has been gone through; true where there is none. */
const isReachable = (state: MoveState, plan: MovePlan): boolean => {
  const index = plan.steps.findIndex((step) => step.goal?.kind === 'workload' && !step.crossing)
  const ready = plan.steps[index]
  if (ready === undefined || state.step > index) return true
  return state.step === index && ready.after.every((gate) => state.passed.includes(`after ${gateName(gate)}`))
}

/** Whether the release, too, would make the same of both: what a move waits for by itself is only for people to read. */
export const saysTheSame = (a: MoveReport, b: MoveReport): boolean =>
  a.order === b.order &&
  a.attempt === b.attempt &&
  a.begun === b.begun &&
  a.crossing === b.crossing &&
  a.reachable === b.reachable &&
  a.step === b.step &&
  a.settledOn === b.settledOn &&
  a.settledAt === b.settledAt &&
  a.correcting === b.correcting &&
  a.skipped === b.skipped &&
  a.held === b.held &&
  a.stuck === b.stuck &&
  a.askedBack === b.askedBack &&
  sameCall(a.waiting, b.waiting)

const sameCall = (a: Waiting | null, b: Waiting | null): boolean =>
  (a?.person === true || b?.person === true ? a?.person === b?.person && a?.because === b?.because : true) &&
  (a?.approval ?? null) === (b?.approval ?? null)
