import type { Recorded } from '../../journal/events.ts'
import type { Json, Millis } from '../../moves/goal.ts'

/** What a handoff that is done says of itself. */
type HandedOver = {
  readonly owner: string
  readonly cursor: Millis
  readonly fenced: readonly Millis[]
  readonly missed: { readonly skipped: readonly Millis[] }
}

const isHandedOver = (result: Json | HandedOver): result is HandedOver =>
  typeof result === 'object' && result !== null && 'fenced' in result && 'missed' in result && result.cursor !== null

/**
 * Ticks that a handoff took from the old owner, and that are before the new one's cursor: nobody will run them any more.
 * So they have run, or it says that it let them go. Told from its outcome alone, and so of any scheduler.
 */
export const ticksTakenForNothing = (
  service: string,
  entries: readonly Recorded[],
  ran: ReadonlySet<Millis | null>,
): readonly Millis[] =>
  entries.flatMap(({ stream, event }) => {
    if (stream !== `move/${service}` || event.kind !== 'came out' || event.outcome.kind !== 'done') return []
    const { result } = event.outcome
    if (!isHandedOver(result)) return []
    return result.fenced.filter(
      (tick) => tick <= result.cursor && !ran.has(tick) && !result.missed.skipped.includes(tick),
    )
  })
