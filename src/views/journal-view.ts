import type { Recorded } from '../journal/events.ts'
import type { Millis } from '../moves/goal.ts'
import { describeEvent } from './describe-event.ts'

/** One entry of the journal, for people and for programs. */
export type JournalLine = {
  readonly position: number
  readonly at: Millis
  /** null: the release as a whole. */
  readonly service: string | null
  readonly kind: string
  readonly text: string
  readonly event: Recorded['event']
}

export const viewEntry = ({ position, at, stream, event }: Recorded): JournalLine => ({
  position,
  at,
  service: stream.startsWith('move/') ? stream.slice('move/'.length) : null,
  kind: event.kind,
  text: describeEvent(stream, event),
  event,
})

/** Entries of one service, or of all. What the release says of a service counts as its own. */
export const viewJournal = (entries: readonly Recorded[], service: string | null): readonly JournalLine[] =>
  entries.map(viewEntry).filter((line) => service === null || concerns(line, service))

const concerns = (line: JournalLine, service: string): boolean => {
  if (line.service !== null) return line.service === service
  const { event } = line
  if ('services' in event) return event.services.includes(service)
  return 'service' in event && event.service === service
}
