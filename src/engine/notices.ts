import type { Recorded } from '../journal/events.ts'
import { releaseStream } from '../journal/events.ts'
import type { Notice } from './ports.ts'

/** What a journal entry is worth telling people about; null: nothing. */
export const noticeOf = (entry: Recorded, release: string): Notice | null => {
  const service = entry.stream === releaseStream ? null : entry.stream.slice('move/'.length)
  const base = { release, service, at: entry.at, entry: entry.position, actions: [] }
  const { event } = entry
  switch (event.kind) {
    case 'called a person':
      return {
        ...base,
        kind: event.because.startsWith('waits for the approval') ? 'gate' : 'call',
        service: event.service,
        text: event.because,
        actions: event.actions,
      }
    case 'judged':
      return event.against ? { ...base, kind: 'verdict', text: `${service}: ${event.verdict}: ${event.because}` } : null
    case 'rollback ordered':
      return {
        ...base,
        kind: 'rollback',
        text: `${event.services.join(', ')} going back (${event.by}): ${event.because}`,
      }
    case 'held':
      return { ...base, kind: 'hold', text: `${service ?? 'the release'} is held by ${event.by}: ${event.because}` }
    case 'drifted':
      return {
        ...base,
        kind: 'call',
        text: `${service}: somebody changed its ${event.lane} towards ${event.towards}: ${event.found}`,
      }
    case 'stuck':
      return { ...base, kind: 'hold', text: `${service}: ${event.because}` }
    case 'ended':
      return { ...base, kind: 'end', text: `the release ended ${event.outcome}: ${event.because}` }
    default:
      return null
  }
}
