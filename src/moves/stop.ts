import type { MoveEvent } from '../journal/events.ts'
import {
  currentStep,
  type Decision,
  describeGoal,
  happens,
  intend,
  isCrossing,
  type MoveContext,
  type Rule,
  sameGoal,
  waits,
  waitsForPerson,
  wakes,
} from './decision.ts'
import { driftOf, expectedLanes } from './drift.ts'
import { observedBetween } from './facts.ts'
import type { Goal, Lane, Millis } from './goal.ts'

/** Green's processes may be restarted this often within one step before the move asks to go back. */
const restartLimit = 3
const weightZeroLimitMs: Millis = 600_000

const rollbackCommand = (service: string): string => `titrate rollback ${service}`
const resumeCommand = (service: string): string => `titrate resume ${service}`

/**
 * A move by itself may only stop. It asks the release for the rest, because what depends on it goes first; but an
 * exposed service takes its users off green at once.
 */
const askToGoBack = (context: MoveContext, because: string): Decision => {
  const { state } = context
  const events: MoveEvent[] = [{ kind: 'asked to go back', because }]
  const weights = state.lanes.weights
  if (weights?.goal.kind === 'weights' && weights.goal.green > 0)
    events.push(intend(context, { kind: 'weights', green: 0 }, because, weightZeroLimitMs))
  return happens(...events)
}

export const leaveWhatWasSkipped: Rule = ({ state }) =>
  state.skipped === null ? null : waits(`${state.skipped.by} skipped it: ${state.skipped.because}`)

export const waitAfterAsking: Rule = ({ state }) =>
  state.askedBack === null ? null : waits(`it asked to go back: ${state.askedBack.because}`)

export const stopWhenJudgedBad: Rule = (context) => {
  const { judged } = context.state
  return judged?.verdict === 'roll back' ? askToGoBack(context, judged.because) : null
}

/** A green that keeps dying under load goes back, whatever the metrics say: what crashed reports nothing. */
export const stopWhenGreenKeepsDying: Rule = (context) => {
  const { state, plan, facts } = context
  const green = facts.workload.green
  if (green === null || !isCrossing(state, plan) || state.settled !== null) return null
  const restarts = green.value.restarts - state.restartsAtEntry
  if (restarts < restartLimit) return null
  const problem = green.value.problem === null ? '' : ` (${green.value.problem})`
  return askToGoBack(
    context,
    `green was restarted ${restarts} times since "${plan.steps[state.step]?.name}" began${problem}`,
  )
}

const hasTraffic = ({ state }: MoveContext): boolean => {
  const lane = state.lanes.weights
  return lane?.goal.kind === 'weights' && lane.goal.green > 0 && lane.outcome?.kind === 'done'
}

const greenIsDown = (context: MoveContext): boolean => {
  const ready = context.facts.weights?.value.ready
  return ready?.green === false && ready.blue !== false && hasTraffic(context)
}

/** The router's own probes of green fail while blue answers: after the limit it goes back by itself. */
export const goBackWhenGreenIsDown: Rule = (context) => {
  const { state, plan, facts, gaps, now } = context
  if (facts.weights === null || state.settled !== null || !greenIsDown(context)) return null
  const downFor = observedBetween(facts.weights.since, now, gaps)
  const limit = plan.policy.blindLimitMs
  if (downFor < limit) return wakes(now + limit - downFor)
  return askToGoBack(context, `green does not answer the router any more, for ${Math.round(downFor / 1000)} s`)
}

const missingSince = (context: MoveContext): Millis | null => {
  const probes = context.facts.weights
  const { judged } = context.state
  if (probes?.value.ready.green === false && hasTraffic(context)) return probes.since
  return judged?.verdict === 'blind' ? judged.since : null
}

/** No metrics, no progress. With both arms missing a person is called, and never is it taken for a failure. */
export const boundBlindness: Rule = (context) => {
  const { state, plan, gaps, now } = context
  const since = missingSince(context)
  if (since === null || state.settled !== null) return null
  const limit = plan.policy.blindLimitMs
  const blindFor = observedBetween(since, now, gaps)
  const because = greenIsDown(context)
    ? 'green does not answer the router any more'
    : (state.judged?.because ?? 'green is not seen')
  if (blindFor < limit) return waits(because, now + limit - blindFor)
  return waitsForPerson(`blind for ${Math.round(limit / 1000)} s: ${because}`, [
    rollbackCommand(state.service),
    'restore the metrics: it goes on by itself',
  ])
}

export const obeyHolds: Rule = ({ state }) => {
  const { held, order, rejected, badRuns, service } = state
  if (held !== null)
    return waitsForPerson(`held by ${held.by}: ${held.because}`, [resumeCommand(service), rollbackCommand(service)])
  if (order === 'hold') return waits(`the release holds: ${state.orderBecause}`)
  if (rejected !== null) {
    const because = `${rejected.by} rejected "${rejected.gate}": ${rejected.because}`
    const actions = [`titrate approve ${rejected.gate} --service ${service}`, rollbackCommand(service)]
    return { events: [], wakeAt: null, waiting: { because, person: true, actions, approval: rejected.gate } }
  }
  const bad = badRuns.at(-1)
  if (bad !== undefined)
    return waitsForPerson(`the run ${bad.run} failed on green: ${bad.because}`, [
      resumeCommand(service),
      rollbackCommand(service),
    ])
  return null
}

/** Teams keep shipping: different versions are never compared, so the move waits until both sides run the same. */
export const pauseForNewVersion: Rule = ({ state, plan, facts, gaps, now }) => {
  const { blue, green } = facts.workload
  if (state.step < 0 || state.settled !== null) return null
  if (blue === null || green === null) return state.paused?.cause === 'version' ? waits(state.paused.because) : null
  const same = blue.value.version === green.value.version
  if (state.paused?.cause === 'version') {
    if (same) return happens({ kind: 'went on', because: `both sides run ${blue.value.version}`, anew: true })
    const spent = observedBetween(state.paused.at, now, gaps)
    const limit = plan.policy.holdLimit.afterMs
    if (spent < limit) return waits(state.paused.because, now + limit - spent)
    return waitsForPerson(state.paused.because, [
      'deploy the same version on both sides: it goes on by itself',
      rollbackCommand(state.service),
    ])
  }
  if (same) return null
  const because = `blue runs ${blue.value.version} and green ${green.value.version}: waits until green runs the same`
  return happens({ kind: 'paused', cause: 'version', because })
}

/** An unready blue never sends more users to green: the weights stay, and a person hears of it. */
export const pauseForUnreadyBlue: Rule = (context) => {
  const { state, plan, facts } = context
  if (plan.kind !== 'exposed' || !isCrossing(state, plan) || state.settled !== null) return null
  // Where only one copy may run, the one on blue was stopped by us.
  const { goal } = state.lanes.workload ?? {}
  const isStopped = goal?.kind === 'workload' && goal.blue === 0
  const unready = facts.weights?.value.ready.blue === false && !isStopped
  if (state.paused?.cause === 'blue unready') {
    if (unready)
      return waitsForPerson(state.paused.because, ['see to blue: it goes on by itself', rollbackCommand(state.service)])
    return happens({ kind: 'went on', because: 'blue is ready again', anew: false })
  }
  if (!unready) return null
  const green = facts.weights?.value.green ?? 0
  return happens({
    kind: 'paused',
    cause: 'blue unready',
    because: `blue fails its health check; weights stay at ${green} % green`,
  })
}

/** What was to be put right, and could not be, is for a person; when they let it go on it is tried again. */
const correctionFailed = (lane: Lane, context: MoveContext): Decision | null => {
  const { state, plan } = context
  const own = state.lanes[lane]
  const outcome = own?.outcome
  if (own === undefined || !outcome || outcome.kind === 'done') return null
  const again = (): Decision => happens(intend(context, own.goal, own.because, plan.policy.stepLimitMs))
  if (state.toPutRight.includes(lane)) return again()
  // Of the step itself, the step says that it failed; all else is to be put right, also what a person asked for.
  const goal = currentStep(context)?.goal ?? null
  if (state.drift[lane] === undefined && goal !== null && sameGoal(goal, own.goal)) return null
  if (outcome.kind === 'superseded') return again()
  if (state.stuck !== null) return null
  if ((state.resumedAt ?? 0) > (own.outcomeAt?.at ?? own.intendedAt)) return again()
  return happens({ kind: 'stuck', because: `it could not be put right: ${describeGoal(own.goal)}: ${outcome.because}` })
}

/** What the lane should be; an exposed service that is being prepared has no users on green. */
const expectedGoal = (lane: Lane, { state }: MoveContext): Goal | null =>
  state.lanes[lane]?.goal ?? (lane === 'weights' ? { kind: 'weights', green: 0 } : null)

/**
 * What somebody else changed in a lane of ours. Towards green it is put right; towards blue it is never undone:
 * it holds the service and calls a person, who rolls back or resumes.
 */
export const answerDrift: Rule = (context) => {
  const { state } = context
  for (const lane of expectedLanes) {
    const failed = correctionFailed(lane, context)
    if (failed !== null) return failed
    const found = driftOf(lane, context)
    const known = state.drift[lane]
    if (found === null) {
      if (known === undefined || state.lanes[lane]?.outcome?.kind !== 'done') continue
      return happens({ kind: 'drift ended', lane, because: 'it is as it should be again' })
    }
    const goal = expectedGoal(lane, context)
    const limitMs = context.plan.policy.stepLimitMs
    if (goal !== null && state.toPutRight.includes(lane))
      return happens(intend(context, goal, `put right on request: ${found.what}`, limitMs))
    if (known === undefined) {
      const drifted: MoveEvent = { kind: 'drifted', lane, found: found.what, towards: found.towards }
      if (found.towards === 'blue' || goal === null) return happens(drifted)
      return happens(drifted, intend(context, goal, `put right: ${found.what}`, limitMs))
    }
    if (found.towards === 'blue' || goal === null)
      return waitsForPerson(`somebody changed it towards ${found.towards}: ${found.what}`, [
        rollbackCommand(state.service),
        resumeCommand(state.service),
      ])
    const because = `put right again: ${found.what}; it should be ${describeGoal(goal)}`
    return happens(intend(context, goal, because, limitMs))
  }
  return null
}

const heldByEvidence = ({ state }: MoveContext): { readonly since: Millis; readonly because: string } | null =>
  state.judged?.verdict === 'hold' && state.judged.against && state.settled === null ? state.judged : null

/** Where the policy says so, evidence may not hold a move for longer than its limit. */
export const goBackWhenHeldTooLong: Rule = (context) => {
  const { state, plan, gaps, now } = context
  const held = heldByEvidence(context)
  const { afterMs, then } = plan.policy.holdLimit
  if (held === null || then !== 'roll back' || state.judged?.untilPerson === true) return null
  const heldFor = observedBetween(held.since, now, gaps)
  if (heldFor < afterMs) return wakes(now + afterMs - heldFor)
  return askToGoBack(context, `held for ${Math.round(heldFor / 1000)} s: ${held.because}`)
}

/** Evidence against green that is not enough to go back holds the move, for as long as the policy bears it. */
export const boundEvidenceHold: Rule = (context) => {
  const { state, plan, gaps, now } = context
  const { judged } = state
  if (judged === null || heldByEvidence(context) === null) return null
  const { afterMs } = plan.policy.holdLimit
  const heldFor = observedBetween(judged.since, now, gaps)
  const actions = [rollbackCommand(state.service), resumeCommand(state.service), `titrate explain ${state.service}`]
  if (judged.untilPerson) return waitsForPerson(judged.because, actions)
  if (heldFor < afterMs) return waits(judged.because, now + afterMs - heldFor)
  return waitsForPerson(`held for ${Math.round(afterMs / 1000)} s: ${judged.because}`, actions)
}
