import type { Recorded } from '../journal/events.ts'
import type { JournalState } from '../journal/fold.ts'
import type { Json, Millis } from '../moves/goal.ts'
import type { StoredObservation } from '../store/store.ts'

export type ReportFormat = 'html' | 'json' | 'markdown'

export type ReportInput = {
  readonly journal: JournalState
  readonly entries: readonly Recorded[]
  readonly facts: readonly StoredObservation[]
  readonly samples: readonly StoredObservation[]
  readonly now: Millis
  readonly extra: Json
}

/** The report of a release in one text. */
export const writeReport = (input: ReportInput, format: ReportFormat): string => {
  const { release, position } = input.journal
  const outcome = release.ended?.outcome ?? 'not ended'
  if (format === 'json') return `${JSON.stringify({ release: release.release, outcome, position }, null, 2)}\n`
  const text = `${release.release}: ${outcome} (journal at ${position})`
  return format === 'html' ? `<!doctype html><meta charset="utf-8"><title>${release.release}</title><p>${text}</p>\n` : `# ${text}\n`
}
