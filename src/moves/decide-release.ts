import type { ReleaseEvent } from '../journal/events.ts'
import { callKey } from '../journal/release-state.ts'
import { goingBack } from '../plan/dependents.ts'
import type { Wave } from '../plan/plan.ts'
import { answerRequests } from './answer-requests.ts'
import { observedBetween } from './facts.ts'
import { allSettled, giveOrders } from './orders.ts'
import {
  allReports,
  backAndOpen,
  decides,
  isBack,
  isRollbackOpen,
  type ReleaseContext,
  type ReleaseDecision,
  type ReleaseRule,
  reportsOf,
} from './release-decision.ts'
import type { MoveReport } from './report.ts'

export const releaseApproval = 'user traffic'

const restWhenEnded: ReleaseRule = ({ state }) => (state.ended === null ? null : decides([]))

const failWhenChecksBlock: ReleaseRule = (context) => {
  const { state } = context
  if (
    state.checked === null ||
    state.checked.blocking.length === 0 ||
    allReports(context).some((report) => report.begun)
  )
    return null
  return decides([
    { kind: 'ended', outcome: 'failed', because: `nothing was moved: ${state.checked.blocking.join('; ')}` },
  ])
}

/** What asked to go back goes back with all that depends on it; the policy may take everything back. */
const takeBackWhatAsked: ReleaseRule = (context) => {
  const { state, plan } = context
  const asking = allReports(context).find((report) => report.askedBack !== null && !state.back.includes(report.service))
  if (asking === undefined) return null
  const everything = plan.policy.afterRollback === 'release'
  const services = goingBack(plan, everything ? { kind: 'everything' } : { kind: 'service', service: asking.service })
  const because = `${asking.service}: ${asking.askedBack}`
  return decides([{ kind: 'rollback ordered', services, everything, because, by: 'titrate', assumeDead: null }])
}

const finishRollback: ReleaseRule = (context) => {
  const { state } = context
  if (state.rollback === null || !reportsOf(context, state.back).every(isBack)) return null
  if (!state.rollback.everything) return null
  // What green would not do before is being put right now: the end tells how it came out.
  if (reportsOf(context, state.back).some(({ correcting }) => correcting)) return null
  return decides([{ kind: 'ended', outcome: 'rolled back', because: state.rollback.because }])
}

/** Everything that a person is needed for now, by what it is about. */
const callsNeeded = (context: ReleaseContext): readonly Extract<ReleaseEvent, { kind: 'called a person' }>[] => {
  const { state } = context
  const calls: Extract<ReleaseEvent, { kind: 'called a person' }>[] = []
  for (const { service, waiting } of allReports(context))
    if (waiting?.person === true)
      calls.push({ kind: 'called a person', service, because: waiting.because, actions: waiting.actions })
  const open = backAndOpen(context)
  if (state.rollback?.everything === false && open.length > 0 && reportsOf(context, open).every(isBack)) {
    const because = `${open.join(', ')} went back (${state.rollback.because})`
    calls.push({
      kind: 'called a person',
      service: null,
      because,
      actions: ['titrate retry SERVICE', 'titrate skip SERVICE', 'titrate rollback'],
    })
  }
  if (state.stop !== null)
    calls.push({
      kind: 'called a person',
      service: null,
      because: `break-glass was used by ${state.stop.by}`,
      actions: ['titrate resume --clear-stop'],
    })
  if (context.waitingForRelease !== null)
    calls.push({
      kind: 'called a person',
      service: null,
      because: `waits for the approval "${context.waitingForRelease}"`,
      actions: [`titrate approve ${context.waitingForRelease}`],
    })
  return calls
}

const callPeople: ReleaseRule = (context) => {
  const needed = callsNeeded(context)
  const keys = new Set(needed.map((call) => callKey(call.service, call.because)))
  const called = new Set(context.state.called)
  const fresh = needed.filter((call) => !called.has(callKey(call.service, call.because)))
  const over = context.state.called.filter((key) => !keys.has(key))
  if (fresh.length === 0 && over.length === 0) return null
  return decides([...over.map((key): ReleaseEvent => ({ kind: 'call ended', key })), ...fresh])
}

const settleWave: ReleaseRule = (context) => {
  const { state, plan } = context
  const wave = plan.waves.find(
    (each) => state.wavesStarted.includes(each.number) && !state.wavesSettled.includes(each.number),
  )
  if (wave === undefined || !allSettled(context, wave.services)) return null
  return decides([{ kind: 'wave settled', wave: wave.number }])
}

const nextWave = ({ state, plan }: ReleaseContext): Wave | undefined =>
  plan.waves.find((wave) => !state.wavesSettled.includes(wave.number))

const mayNotGoOn = (context: Omit<ReleaseContext, 'waitingForRelease'>): boolean => {
  const { checked, stop, held } = context.state
  return checked === null || stop !== null || held !== null || isRollbackOpen(context)
}

/** Prepare, migrate, parallel, transition, monitor, evaluate: each entered once, when what it waits for holds. */
const enterPhase: ReleaseRule = (context) => {
  const { state } = context
  if (state.phase === null) return decides([{ kind: 'phase entered', phase: 'prepare' }])
  if (mayNotGoOn(context)) return null
  const wave = nextWave(context)
  // What settled may have been changed since: then a person is called, or it is being put right.
  if (wave === undefined && [...context.reports.values()].some(isDisturbed)) return null
  if (wave === undefined)
    return decides([
      { kind: 'phase entered', phase: 'evaluate' },
      { kind: 'ended', outcome: 'done', because: 'every service is where it should be' },
    ])
  if (wave.phase === 'non-exposed')
    return state.phase === 'prepare' ? decides([{ kind: 'phase entered', phase: 'migrate' }]) : null
  if (state.phase === 'prepare' || state.phase === 'migrate')
    return decides([{ kind: 'phase entered', phase: 'parallel' }])
  if (state.phase === 'parallel') return leaveParallel(context)
  return state.phase === 'transition' && isBaking(context)
    ? decides([{ kind: 'phase entered', phase: 'monitor' }])
    : null
}

const isDisturbed = ({ correcting, waiting, skipped }: MoveReport): boolean =>
  !skipped && (correcting || waiting?.person === true)

const leaveParallel = ({ state, plan, now, waitingForRelease }: ReleaseContext): ReleaseDecision | null => {
  const spent = observedBetween(state.phaseAt ?? now, now, state.gaps)
  if (spent < plan.policy.parallelMs) return decides([], [], now + plan.policy.parallelMs - spent)
  return waitingForRelease === null ? decides([{ kind: 'phase entered', phase: 'transition' }]) : null
}

const isBaking = (context: ReleaseContext): boolean => {
  const exposed = context.plan.waves.filter((wave) => wave.phase === 'exposed').flatMap((wave) => wave.services)
  return reportsOf(context, exposed).every(
    (report) => report.step === 'bake' || report.settledOn !== null || report.skipped,
  )
}

const startWave: ReleaseRule = (context) => {
  const { state } = context
  if (mayNotGoOn(context)) return null
  const wave = nextWave(context)
  if (wave === undefined || state.wavesStarted.includes(wave.number)) return null
  if (wave.phase === 'exposed' && state.phase !== 'transition' && state.phase !== 'monitor') return null
  return decides([{ kind: 'wave started', wave: wave.number }])
}

/** In this order; the first that answers wins. */
export const releaseRules: readonly { readonly name: string; readonly rule: ReleaseRule }[] = [
  { name: 'answers requests', rule: answerRequests },
  { name: 'rests when ended', rule: restWhenEnded },
  { name: 'fails when checks block', rule: failWhenChecksBlock },
  { name: 'takes back what asked to go back', rule: takeBackWhatAsked },
  { name: 'gives orders', rule: giveOrders },
  { name: 'finishes a rollback', rule: finishRollback },
  { name: 'calls people', rule: callPeople },
  { name: 'settles a wave', rule: settleWave },
  { name: 'enters a phase', rule: enterPhase },
  { name: 'starts a wave', rule: startWave },
]

/**
 * What the release does next: its own events and its orders to moves. It sees reports, never facts. Pure; called
 * again after its events were folded, until it has none.
 */
export const decideRelease = (
  context: Omit<ReleaseContext, 'waitingForRelease'>,
): ReleaseDecision & { readonly rule: string } => {
  const full: ReleaseContext = { ...context, waitingForRelease: releaseGate(context) }
  let wakeAt: number | null = null
  for (const { name, rule } of releaseRules) {
    const decision = rule(full)
    if (decision === null) continue
    if (decision.release.length + decision.moves.length > 0 || name === 'rests when ended')
      return { ...decision, rule: name }
    wakeAt = decision.wakeAt
  }
  return { release: [], moves: [], wakeAt, rule: 'nothing to do' }
}

/** The approval that the release itself waits for now, before users are sent to green; null: none. */
const releaseGate = (context: Omit<ReleaseContext, 'waitingForRelease'>): string | null => {
  const { state, plan, now } = context
  if (
    mayNotGoOn(context) ||
    !plan.policy.approvals.beforeUserTraffic ||
    state.phase !== 'parallel' ||
    state.approvals[releaseApproval] !== undefined
  )
    return null
  return observedBetween(state.phaseAt ?? now, now, state.gaps) >= plan.policy.parallelMs ? releaseApproval : null
}
