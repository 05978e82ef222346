import type { MoveEvent, Order, ReleaseEvent } from '../journal/events.ts'
import type { ReleaseState } from '../journal/release-state.ts'
import type { Plan } from '../plan/plan.ts'
import type { Millis } from './goal.ts'
import type { MoveReport } from './report.ts'

/** Events of the release, and of moves that it speaks to. */
export type ReleaseDecision = {
  readonly release: readonly ReleaseEvent[]
  readonly moves: readonly { readonly service: string; readonly event: MoveEvent }[]
  readonly wakeAt: Millis | null
}

export type ReleaseContext = {
  readonly state: ReleaseState
  readonly plan: Plan
  readonly reports: ReadonlyMap<string, MoveReport>
  readonly now: Millis
  /** The approval that the release itself waits for now; null: none. */
  readonly waitingForRelease: string | null
}

export type ReleaseRule = (context: ReleaseContext) => ReleaseDecision | null

export const decides = (
  release: readonly ReleaseEvent[],
  moves: ReleaseDecision['moves'] = [],
  wakeAt: Millis | null = null,
): ReleaseDecision => ({ release, moves, wakeAt })

export const ordered = (
  report: MoveReport,
  order: Order,
  because: string,
  attempt = report.attempt,
): ReleaseDecision['moves'][number] => ({
  service: report.service,
  event: { kind: 'ordered', order, attempt, because },
})

/** Settled for the purposes of a wave: where it should be, or left where it is by name. */
export const isSettled = (report: MoveReport | undefined): boolean =>
  report !== undefined && (report.skipped || report.settledOn === 'green')

/** On blue, or never touched. Who skipped a service left it where it is, which may well be green. */
export const isBack = (report: MoveReport | undefined): boolean =>
  report === undefined || report.settledOn === 'blue' || (!report.begun && report.order !== 'back')

/** Services that went back, or are on their way, and that nobody has decided about since: by retrying or skipping them. */
export const backAndOpen = ({ state, reports }: Pick<ReleaseContext, 'state' | 'reports'>): readonly string[] =>
  state.back.filter((service) => state.rollback?.everything === true || reports.get(service)?.skipped !== true)

/** A rollback stands open until everything is back, or until people have retried or skipped each service of it. */
export const isRollbackOpen = (context: Pick<ReleaseContext, 'state' | 'reports'>): boolean =>
  context.state.rollback !== null && (context.state.rollback.everything || backAndOpen(context).length > 0)

/** All of them, in the order of the plan: in which one they came depends on what an engine happens to remember. */
export const allReports = ({ plan, reports }: Pick<ReleaseContext, 'plan' | 'reports'>): readonly MoveReport[] =>
  reportsOf({ reports }, Object.keys(plan.moves))

/** A loop, because most rules of the release begin with it, in every turn. */
export const reportsOf = (
  { reports }: Pick<ReleaseContext, 'reports'>,
  services: readonly string[],
): readonly MoveReport[] => {
  const found: MoveReport[] = []
  for (const service of services) {
    const report = reports.get(service)
    if (report !== undefined) found.push(report)
  }
  return found
}

/** What a person asked for together with its answer; the answer is always the last event of the release. */
export const answered = (id: string, answer: 'accepted' | 'refused', because: string): ReleaseEvent => ({
  kind: 'answered',
  id,
  answer,
  because,
})
