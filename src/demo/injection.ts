import type { JournalEvent, Recorded } from '../journal/events.ts'
import type { JournalState } from '../journal/fold.ts'
import type { Millis } from '../moves/goal.ts'
import type { Fault, FaultHands } from './scenario.ts'

/** The first sign that Titrate has noticed something, by any of its rules. */
const isReaction = (event: JournalEvent): boolean => {
  switch (event.kind) {
    case 'judged':
      return event.against || event.verdict === 'blind' || event.verdict === 'roll back'
    case 'run ended':
      return !event.good
    case 'checked':
      return event.blocking.length > 0
    case 'drifted':
    case 'paused':
    case 'stuck':
    case 'held':
    case 'asked to go back':
    case 'called a person':
    case 'rollback ordered':
      return true
    case 'took over':
      // The first engine has nothing to notice yet.
      return event.epoch > 1
    default:
      return false
  }
}

export type Injection = {
  /** Makes the fault when its time has come; asked after each change of the journal. */
  consider(journal: JournalState): void
  injectedAt(): Millis | null
  /** Everything that belongs to the fault has been done. */
  isOver(): boolean
  /** Why it could not be made; null: nothing went wrong. */
  failure(): string | null
}

/** Makes one fault once. `fault` null: nothing is to happen, and it is over from the beginning. */
export const createInjection = (fault: Fault | null, hands: FaultHands, now: () => Millis): Injection => {
  let injectedAt: Millis | null = null
  let over = fault === null
  let failure: string | null = null
  const make = (one: Fault): void => {
    injectedAt = now()
    one
      .inject(hands)
      .catch((error: unknown) => {
        failure = error instanceof Error ? error.message : String(error)
      })
      .finally(() => {
        over = true
      })
  }
  if (fault?.when === null) make(fault)
  return {
    consider: (journal) => {
      if (fault !== null && injectedAt === null && fault.when?.(journal) === true) make(fault)
    },
    injectedAt: () => injectedAt,
    isOver: () => over,
    failure: () => failure,
  }
}

/** When Titrate first answered to what was done at `injectedAt`; null: it never did. */
export const detectedAt = (entries: readonly Recorded[], injectedAt: Millis | null): Millis | null =>
  injectedAt === null ? null : (entries.find(({ at, event }) => at >= injectedAt && isReaction(event))?.at ?? null)

/** When the last service was back on blue; null: nothing was taken back, or not everything came back. */
export const backAt = (entries: readonly Recorded[]): Millis | null =>
  entries.find(({ event }) => event.kind === 'ended' && event.outcome === 'rolled back')?.at ?? null
