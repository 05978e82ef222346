import type { MoveEvent } from '../journal/events.ts'
import type { LaneState, MoveState } from '../journal/move-state.ts'
import type { MovePlan } from '../plan/plan.ts'
import {
  type Decision,
  describeGoal,
  happens,
  intend,
  type MoveContext,
  sameGoal,
  waits,
  waitsForPerson,
} from './decision.ts'
import { driftOf, expectedLanes } from './drift.ts'
import { observedBetween } from './facts.ts'
import { type Goal, type Lane, laneOf, type Millis } from './goal.ts'

/** Going back is tried for as long as it takes; a person is called when a lane is refused, and it is tried again after this. */
const againAfterMs: Millis = 30_000
const goingBackLimitMs: Millis = 3_600_000
/** Users are not waiting any more by then, but ticks may be: a schedule whose other side does not answer stays stopped. */
const callAfterMs: Millis = 60_000

/**
 * The recorded baseline as goals, in the order in which they are carried out: traffic first, then the schedule,
 * then replicas, then data. Only lanes that were ever touched are put back.
 */
export const wayBack = (state: MoveState, plan: MovePlan): readonly Goal[] => {
  const touched = (lane: Lane): boolean => state.lanes[lane] !== undefined
  const goals: Goal[] = []
  // Always 0, whatever stood there before: what goes back is on blue, and its copy on green goes away.
  if (touched('weights')) goals.push({ kind: 'weights', green: 0 })
  if (touched('schedule')) goals.push({ kind: 'schedule', owner: state.baseline?.scheduleOwner ?? 'blue' })
  if (touched('data')) goals.push({ kind: 'data', primary: 'blue' })
  if (touched('workload') && plan.kind !== 'job')
    goals.push({
      kind: 'workload',
      blue: state.baseline?.replicas ?? plan.replicas,
      green: 0,
      exclusive: plan.exclusive,
    })
  return goals
}

/** What takes long goes on being tried, and a person hears of it; what it needs does not wait for it any longer. */
const waitOrCall = (context: MoveContext, lane: LaneState, goal: Goal): Decision => {
  const { state, gaps, now } = context
  const spent = observedBetween(lane.intendedAt, now, gaps)
  if (spent < callAfterMs) return waits(`going back: ${describeGoal(goal)}`, now + callAfterMs - spent)
  const because = `going back takes longer than ${callAfterMs / 1000} s: ${describeGoal(goal)}`
  if (state.stuck === null) return happens({ kind: 'stuck', because })
  return waitsForPerson(because, [`titrate explain ${state.service}`, 'titrate rollback --assume-dead green'])
}

const tryLane = (context: MoveContext, lane: LaneState | undefined, goal: Goal): Decision | null => {
  const start = (): Decision =>
    happens(intend(context, goal, `going back: ${context.state.orderBecause}`, goingBackLimitMs))
  if (lane === undefined || !sameGoal(lane.goal, goal)) return start()
  if (lane.outcome === null) return waitOrCall(context, lane, goal)
  if (lane.outcome.kind === 'done') return null
  if (lane.outcome.kind === 'superseded') return start()
  const failedAt = lane.outcomeAt?.at ?? lane.intendedAt
  const resumed = (context.state.resumedAt ?? 0) > failedAt
  if (resumed || context.now >= failedAt + againAfterMs) return start()
  const because = `it can't go back: ${describeGoal(goal)}: ${lane.outcome.because}`
  if (context.state.stuck === null) return happens({ kind: 'stuck', because })
  return waitsForPerson(
    because,
    [`titrate resume ${context.state.service}`, 'titrate rollback --assume-dead green'],
    failedAt + againAfterMs,
  )
}

/** Lanes of a move that is back on blue in which something is being put right, or could not be: all were done once. */
export const lanesNotBack = (state: MoveState, plan: MovePlan): readonly Lane[] =>
  state.settled?.on !== 'blue'
    ? []
    : wayBack(state, plan).flatMap((goal) => {
        const own = state.lanes[laneOf(goal)]
        return own !== undefined && sameGoal(own.goal, goal) && own.outcome?.kind !== 'done' ? [laneOf(goal)] : []
      })

/** What was to be put right, and could not be: a person hears of it, and it is tried again. */
const putRightAgain = (context: MoveContext, lane: Lane): Decision | null => {
  const { state, plan, now } = context
  const own = state.lanes[lane]
  const outcome = own?.outcome
  if (own === undefined || !outcome || outcome.kind === 'done' || !lanesNotBack(state, plan).includes(lane)) return null
  const failedAt = own.outcomeAt?.at ?? own.intendedAt
  const triesAt = failedAt + againAfterMs
  if (outcome.kind === 'superseded' || (state.resumedAt ?? 0) > failedAt || now >= triesAt)
    return happens(intend(context, own.goal, own.because, goingBackLimitMs))
  const because = `it could not be put right: ${describeGoal(own.goal)}: ${outcome.because}`
  return waitsForPerson(because, [`titrate resume ${state.service}`], triesAt)
}

/** Back on blue, it stays there: what somebody changes towards green is put right; what they do on blue is theirs. */
const keepOnBlue = (context: MoveContext): Decision => {
  const { state } = context
  for (const lane of expectedLanes) {
    // Users first, as on the way back: their copies stay for as long as it takes.
    if (lane === 'workload' && state.lanes.weights?.outcome === null) return waits('its users are being put right')
    const again = putRightAgain(context, lane)
    if (again !== null) return again
    const found = driftOf(lane, context)
    const goal = state.lanes[lane]?.goal
    if (found === null || found.towards === 'blue' || goal === undefined) {
      if (found === null && state.drift[lane] !== undefined && state.lanes[lane]?.outcome?.kind === 'done')
        return happens({ kind: 'drift ended', lane, because: 'it is as it should be again' })
      continue
    }
    const drifted: MoveEvent = { kind: 'drifted', lane, found: found.what, towards: found.towards }
    const putRight = intend(context, goal, `put right: ${found.what}`, goingBackLimitMs)
    return state.drift[lane] === undefined ? happens(drifted, putRight) : happens(putRight)
  }
  return waits('it is back on blue')
}

/** Order `back`: the baseline is restored, lane by lane; then the move is settled on blue. */
export const goBackWhenOrdered = (context: MoveContext): Decision | null => {
  const { state, plan } = context
  if (state.order !== 'back') return null
  if (state.settled?.on === 'blue') return keepOnBlue(context)
  for (const goal of wayBack(state, plan)) {
    const decision = tryLane(context, state.lanes[laneOf(goal)], goal)
    if (decision !== null) return decision
  }
  return happens({ kind: 'settled', on: 'blue', label: null })
}
