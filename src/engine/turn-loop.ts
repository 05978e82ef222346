import type { JournalEvent, MoveEvent, Recorded } from '../journal/events.ts'
import { moveStream } from '../journal/events.ts'
import { foldJournal, type JournalState } from '../journal/fold.ts'
import { newMove } from '../journal/move-state.ts'
import { decideTurn, type QuietRelease } from '../moves/decide-turn.ts'
import type { MoveFacts } from '../moves/facts.ts'
import type { Millis } from '../moves/goal.ts'
import type { MoveReport } from '../moves/report.ts'
import type { Plan } from '../plan/plan.ts'
import type { Append, Batch, Store } from '../store/store.ts'

export type StreamEvent = { readonly stream: string; readonly event: JournalEvent }

/** Why the journal takes nothing any more: a newer engine, or no room. */
export type Refusal =
  | { readonly kind: 'fenced'; readonly epoch: number }
  | { readonly kind: 'full'; readonly because: string }

export type TurnOutcome = {
  readonly entries: readonly Recorded[]
  /** Moves that were decided in this turn. */
  readonly decided: readonly string[]
  readonly refusal: Refusal | null
}

/**
 * The journal's side of an engine: takes events in, decides, appends, folds. It knows the newest state and when each
 * move wants to be asked again; it never touches the world.
 */
export type TurnLoop = {
  readonly journal: () => JournalState
  readonly reports: () => ReadonlyMap<string, MoveReport>
  readonly wakeAt: () => Millis | null
  /** Takes in what others appended; returns those entries. */
  catchUp(): Promise<readonly Recorded[]>
  /** Moves are left that have something to do now: the next turn should begin at once. */
  readonly isBehind: () => boolean
  /** One turn: `taken` (outcomes, verdicts, runs) first, then what is decided, each in one commit. */
  turn(taken: readonly StreamEvent[], woken: Iterable<string>, now: Millis, observation: number): Promise<TurnOutcome>
}

const readLimit = 5_000
/** Somebody else appends between our reading and our writing now and then; more often than this in a row is no accident. */
const conflictLimit = 50
/** Keeps a turn short when very many moves have something to do: the rest follows in the next turn, at once. */
const maxSteps = 16

/** Neighbouring events of one stream become one batch, so that the journal keeps the order in which things were decided. */
const toBatches = (events: readonly StreamEvent[], expected: (stream: string) => number | 'any'): readonly Batch[] => {
  const batches: { stream: string; expected: number | 'any'; events: JournalEvent[] }[] = []
  const told = new Map<string, number>()
  for (const { stream, event } of events) {
    const last = batches.at(-1)
    const before = told.get(stream) ?? 0
    if (last?.stream === stream) last.events.push(event)
    else {
      const from = expected(stream)
      batches.push({ stream, expected: from === 'any' ? 'any' : from + before, events: [event] })
    }
    told.set(stream, before + 1)
  }
  return batches
}

export const createTurnLoop = (options: {
  readonly store: Store
  readonly plan: Plan
  readonly epoch: number
  readonly journal: JournalState
  readonly facts: (service: string) => MoveFacts
}): TurnLoop => {
  const { store, plan, epoch } = options
  let journal = options.journal
  let reports: ReadonlyMap<string, MoveReport> = new Map()
  let wakeRelease: Millis | null = null
  let quiet: QuietRelease | null = null
  const wakeMoves = new Map<string, Millis>()
  /** Moves whose state changed since they were last decided. */
  const stale = new Set<string>(Object.keys(plan.moves))

  const fold = (entries: readonly Recorded[]): void => {
    journal = foldJournal(journal, entries)
    for (const { stream } of entries) if (stream.startsWith('move/')) stale.add(stream.slice('move/'.length))
  }
  const versionOf = (stream: string): number =>
    stream.startsWith('move/')
      ? (journal.moves.get(stream.slice('move/'.length)) ?? newMove('')).version
      : journal.release.version

  const catchUp = async (): Promise<readonly Recorded[]> => {
    const entries = await store.read(journal.position, readLimit)
    fold(entries)
    return entries
  }
  const append = async (
    events: readonly StreamEvent[],
    expected: (stream: string) => number | 'any',
    at: Millis,
    observation: number,
  ) => {
    const request: Append = { at, epoch, observation, batches: toBatches(events, expected) }
    const answer = await store.append(request)
    // Entries of others may stand between the last one that we read and ours.
    if (answer.kind === 'appended') {
      const first = answer.entries[0]
      if (first !== undefined && first.position !== journal.position + 1) await catchUp()
      else fold(answer.entries)
    }
    return answer
  }
  const due = (now: Millis): readonly string[] =>
    [...wakeMoves].flatMap(([service, at]) => (at <= now ? [service] : []))

  const decide = async (woken: ReadonlySet<string>, now: Millis, observation: number): Promise<TurnOutcome> => {
    for (let tries = 0; tries < conflictLimit; tries += 1) {
      const all = new Set([...woken, ...stale, ...due(now)])
      const result = decideTurn({
        journal,
        plan,
        facts: options.facts,
        woken: all,
        reports,
        now,
        epoch,
        observation,
        maxSteps,
        quiet,
      })
      const answer = result.events.length === 0 ? null : await append(result.events, versionOf, now, observation)
      if (answer?.kind === 'conflict') {
        await catchUp()
        continue
      }
      if (answer !== null && answer.kind !== 'appended') {
        // What woke them was taken in, and is not told again.
        for (const service of woken) stale.add(service)
        return { entries: [], decided: [], refusal: answer }
      }
      reports = result.reports
      wakeRelease = result.wakeRelease
      quiet = result.quiet
      for (const service of result.left) stale.add(service)
      const left = new Set(result.left)
      for (const [service, at] of result.wakeMoves) {
        if (!left.has(service)) stale.delete(service)
        if (at === null) wakeMoves.delete(service)
        else wakeMoves.set(service, at)
      }
      return { entries: answer?.entries ?? [], decided: [...result.wakeMoves.keys()], refusal: null }
    }
    throw new Error('the journal kept changing while it was decided on')
  }

  return {
    journal: () => journal,
    reports: () => reports,
    wakeAt: () =>
      [...wakeMoves.values(), ...(wakeRelease === null ? [] : [wakeRelease])].reduce<Millis | null>(
        (least, at) => (least === null || at < least ? at : least),
        null,
      ),
    catchUp,
    isBehind: () => stale.size > 0,
    turn: async (taken, woken, now, observation) => {
      // An engine with nothing to append would never be refused, and would carry out what its successor intends.
      if (journal.release.epoch > epoch)
        return { entries: [], decided: [], refusal: { kind: 'fenced', epoch: journal.release.epoch } }
      let entries: readonly Recorded[] = []
      if (taken.length > 0) {
        const answer = await append(taken, () => 'any', now, observation)
        if (answer.kind === 'fenced' || answer.kind === 'full') return { entries: [], decided: [], refusal: answer }
        if (answer.kind === 'appended') entries = answer.entries
      }
      const outcome = await decide(new Set(woken), now, observation)
      return { ...outcome, entries: [...entries, ...outcome.entries] }
    },
  }
}

export const forMove = (service: string, event: MoveEvent): StreamEvent => ({ stream: moveStream(service), event })
