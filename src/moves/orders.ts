import type { Order } from '../journal/events.ts'
import {
  decides,
  isBack,
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
    (dependent) => !isBack(dependent) && !dependent.stuck,
  )
  return waitsFor.length === 0 ? { order: 'back', because } : null
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

/** What one move should be told now. Level-triggered: it rests on the state alone, so a lost order is given again. */
const wantedOrder = (
  context: ReleaseContext,
  report: MoveReport,
  back: ReadonlySet<string>,
  reached: ReadonlySet<string>,
): Wanted => {
  const { state } = context
  const keep: Wanted = { order: report.order, because: '' }
  if (state.stop !== null)
    return report.settledOn === null ? { order: 'hold', because: `${state.stop.by} used break-glass` } : keep
  if (back.has(report.service)) return wantBack(context, report, back) ?? keep
  if (report.settledOn !== null || report.skipped) return keep
  if (state.held !== null) return { order: 'hold', because: `held by ${state.held.by}: ${state.held.because}` }
  if (state.rollback !== null && context.plan.policy.afterRollback !== 'continue')
    return { order: 'hold', because: `another service went back (${state.rollback.because})` }
  if (state.wavesStarted.includes(report.wave)) return { order: 'cross', because: `wave ${report.wave} crosses` }
  if (mayPrepare(context, report, reached)) return { order: 'prepare', because: 'prepared before its wave crosses' }
  return { order: 'stay', because: `wave ${report.wave} has not started` }
}

export const giveOrders: ReleaseRule = (context) => {
  const back = new Set(context.state.back)
  const reached = reachedByStarted(context)
  const moves: ReleaseDecision['moves'][number][] = []
  for (const report of context.reports.values()) {
    const wanted = wantedOrder(context, report, back, reached)
    if (wanted.order !== report.order) moves.push(ordered(report, wanted.order, wanted.because))
  }
  return moves.length === 0 ? null : decides([], moves)
}

export const allSettled = ({ reports }: ReleaseContext, services: readonly string[]): boolean =>
  services.every((service) => isSettled(reports.get(service)))
