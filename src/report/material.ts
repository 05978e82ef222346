import type { JournalEvent, Recorded } from '../journal/events.ts'
import type { JournalState } from '../journal/fold.ts'
import type { Json, Millis } from '../moves/goal.ts'
import type { Plan } from '../plan/plan.ts'
import type { StoredObservation } from '../store/store.ts'
import { type StatusView, viewStatus } from '../views/status-view.ts'
import { indexFacts, type StoredFacts } from '../views/stored-facts.ts'

/** All that a report is made from. Nothing else is asked: the same input gives the same report. */
export type ReportInput = {
  readonly journal: JournalState
  /** The whole journal, ascending. */
  readonly entries: readonly Recorded[]
  /** The latest fact of every subject. */
  readonly facts: readonly StoredObservation[]
  /** Rows of judging and of the ledger, ascending. */
  readonly samples: readonly StoredObservation[]
  readonly now: Millis
  /**
   * What was counted outside the release, by a load generator or a router; null: nothing was. Understood, each of them
   * optional: `requests`, `failedRequests`, `answeredBy` and `failedBy` (a count by who answered), `queue`, `fault`,
   * `detectedAfterSeconds`, `backAfterSeconds`, `ledgerDisagrees`.
   */
  readonly extra: Json
}

/** The input with what every section needs of it. */
export type Material = ReportInput & {
  readonly plan: Plan | null
  readonly status: StatusView
  readonly stored: StoredFacts
  /** Stands for "until now" of whatever is not over: the end of the release, or the last thing that was seen of it. */
  readonly until: Millis
}

export const readMaterial = (input: ReportInput): Material => {
  const { journal, now } = input
  const status = viewStatus(input)
  const seenAt = status.engine.alive ? now : Math.max(journal.lastAt, status.engine.seenAt ?? 0)
  return {
    ...input,
    plan: journal.release.plan,
    status,
    stored: indexFacts(input.facts),
    until: journal.release.ended?.at ?? Math.min(now, seenAt),
  }
}

/** An entry of one kind, with the service whose stream it is in (null: the release's own). */
export type EntryOf<K extends JournalEvent['kind']> = {
  readonly position: number
  readonly at: Millis
  readonly service: string | null
  readonly event: Extract<JournalEvent, { readonly kind: K }>
}

const isOneOf = <K extends JournalEvent['kind']>(
  event: JournalEvent,
  kinds: readonly K[],
): event is Extract<JournalEvent, { readonly kind: K }> => (kinds as readonly string[]).includes(event.kind)

export const serviceOf = ({ stream }: Recorded): string | null =>
  stream.startsWith('move/') ? stream.slice('move/'.length) : null

export const entriesOf = <K extends JournalEvent['kind']>(
  entries: readonly Recorded[],
  ...kinds: readonly K[]
): readonly EntryOf<K>[] =>
  entries.flatMap((entry) => {
    const { event, position, at } = entry
    return isOneOf(event, kinds) ? [{ position, at, service: serviceOf(entry), event }] : []
  })

/** The services of the plan by wave, as they are shown everywhere. */
export const servicesOf = (plan: Plan | null): readonly string[] => plan?.waves.flatMap((wave) => wave.services) ?? []
