import type { Order } from '../journal/events.ts'
import {
  allReports,
  decides,
  isBack,
  isRollbackOpen,
  isSettled,
  ordered,
  type ReleaseContext,
  type ReleaseDecision,
  type ReleaseRule,
} from './release-decision.ts'
import type { MoveReport } from './report.ts'

type Wanted = { readonly order: Order; readonly because: string }

/** Those going back too that need the service directly, and so go first. Within a cycle nobody waits for anybody. */
const dependentsGoingBack = (
  { plan, reports }: ReleaseContext,
  service: string,
  back: ReadonlySet<string>,
): readonly MoveReport[] =>
  Object.values(plan.moves).flatMap((move) =>
    move.needs.includes(service) && back.has(move.service) ? (reports.get(move.service) ?? []) : [],
  )

/** Traffic first: an exposed service goes back at once; others when all that depends on them is back, or can't go. */
const wantBack = (context: ReleaseContext, report: MoveReport, back: ReadonlySet<string>): Wanted | null => {
  const because = context.state.rollback?.because ?? 'it was ordered back'
  if (report.kind === 'exposed') return { order: 'back', because }
  const waitsFor = dependentsGoingBack(context, report.service, back).filter(
    // One that was stuck on its way to green has not tried to go back yet.
    (dependent) => !isBack(dependent) && !(dependent.stuck && dependent.order === 'back'),
  )
  if (waitsFor.length === 0) return { order: 'back', because }
  if (report.order === 'back' || report.settledOn !== null) return null
  return { order: 'hold', because: `it goes back after ${waitsFor.map(({ service }) => service).join(', ')}` }
}

/**
 * Exposed services are prepared during parallel operation; one that an earlier wave reaches is prepared as soon as that
 * wave starts, because its copy on green must be ready first.
 */
const mayPrepare = ({ state }: ReleaseContext, report: MoveReport, reached: ReadonlySet<string>): boolean => {
  if (report.kind !== 'exposed') return false
  return state.phase === 'parallel' || state.phase === 'transition' || reached.has(report.service)
}

const reachedByStarted = ({ state, plan }: ReleaseContext): ReadonlySet<string> =>
  new Set(
    Object.values(plan.moves).flatMap((move) => (state.wavesStarted.includes(move.wave) ? (move.reaches ?? []) : [])),
  )

/** What all orders of one turn rest on, told once. */
type Situation = {
  readonly back: ReadonlySet<string>
  readonly reached: ReadonlySet<string>
  readonly rollbackIsOpen: boolean
  /** The first wave of which not every service has arrived: no later one crosses, even if it had started before. */
  readonly openWave: number
}

const situationOf = (context: ReleaseContext): Situation => ({
  back: new Set(context.state.back),
  reached: reachedByStarted(context),
  rollbackIsOpen: isRollbackOpen(context),
  openWave: context.plan.waves.find((wave) => !allSettled(context, wave.services))?.number ?? Number.POSITIVE_INFINITY,
})

/** Services that it calls and that can't arrive before it: their copies on green must be ready first. */
const notYetReachable = ({ plan, reports }: ReleaseContext, { service }: MoveReport): readonly string[] =>
  (plan.moves[service]?.reaches ?? []).filter((name) => {
    const reached = reports.get(name)
    return reached !== undefined && !reached.reachable && !isSettled(reached)
  })

const wantBeforeItsWave = (
  context: ReleaseContext,
  report: MoveReport,
  reached: ReadonlySet<string>,
  because: string,
): Wanted =>
  !report.crossing && mayPrepare(context, report, reached)
    ? { order: 'prepare', because: 'prepared before its wave crosses' }
    : { order: 'stay', because }

/** Its wave has started: it crosses when all that must come first is there; what is crossing already goes on. */
const wantCross = (context: ReleaseContext, report: MoveReport, { openWave, reached }: Situation): Wanted => {
  const cross: Wanted = { order: 'cross', because: `wave ${report.wave} crosses` }
  if (report.crossing && report.order === 'cross') return cross
  if (report.wave > openWave) return wantBeforeItsWave(context, report, reached, `wave ${openWave} has to settle first`)
  const waitsFor = notYetReachable(context, report)
  if (waitsFor.length === 0) return cross
  return { order: 'prepare', because: `crosses when ${waitsFor.join(', ')} can be reached on green` }
}

/** What one move should be told now. Level-triggered: it rests on the state alone, so a lost order is given again. */
const wantedOrder = (context: ReleaseContext, report: MoveReport, situation: Situation): Wanted => {
  const { state } = context
  const { back, reached, rollbackIsOpen } = situation
  const keep: Wanted = { order: report.order, because: '' }
  if (state.stop !== null)
    return report.settledOn === null ? { order: 'hold', because: `${state.stop.by} used break-glass` } : keep
  if (back.has(report.service)) return wantBack(context, report, back) ?? keep
  if (report.settledOn !== null || report.skipped) return keep
  if (state.held !== null) return { order: 'hold', because: `held by ${state.held.by}: ${state.held.because}` }
  if (rollbackIsOpen && context.plan.policy.afterRollback !== 'continue')
    return { order: 'hold', because: `another service went back (${state.rollback?.because})` }
  if (state.wavesStarted.includes(report.wave)) return wantCross(context, report, situation)
  return wantBeforeItsWave(context, report, reached, `wave ${report.wave} has not started`)
}

export const giveOrders: ReleaseRule = (context) => {
  const situation = situationOf(context)
  const moves: ReleaseDecision['moves'][number][] = []
  for (const report of allReports(context)) {
    const wanted = wantedOrder(context, report, situation)
    if (wanted.order !== report.order) moves.push(ordered(report, wanted.order, wanted.because))
  }
  return moves.length === 0 ? null : decides([], moves)
}

export const allSettled = ({ reports }: ReleaseContext, services: readonly string[]): boolean =>
  services.every((service) => isSettled(reports.get(service)))
