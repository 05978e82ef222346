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

export const isBack = (report: MoveReport | undefined): boolean =>
  report === undefined || report.skipped || report.settledOn === 'blue' || (!report.begun && report.order !== 'back')

export const reportsOf = ({ reports }: ReleaseContext, services: readonly string[]): readonly MoveReport[] =>
  services.flatMap((service) => reports.get(service) ?? [])

/** What a person asked for together with its answer; the answer is always the last event of the release. */
export const answered = (id: string, answer: 'accepted' | 'refused', because: string): ReleaseEvent => ({
  kind: 'answered',
  id,
  answer,
  because,
})
