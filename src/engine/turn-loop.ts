import type { JournalEvent, MoveEvent, Recorded } from '../journal/events.ts'
import { moveStream } from '../journal/events.ts'
import { foldJournal, type JournalState } from '../journal/fold.ts'
import { newMove } from '../journal/move-state.ts'
import { decideTurn, type QuietRelease, type TurnResult } from '../moves/decide-turn.ts'
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
  /** What others appended while the turn was made; their positions stand between those of `entries`, or before them. */
  readonly others: readonly Recorded[]
  /** Moves that were decided in this turn. */
  readonly decided: readonly string[]
  /** Names of the rules that answered. */
  readonly rules: ReadonlySet<string>
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
  /** One turn: `taken` (outcomes, verdicts, runs) first, then what is decided on it, all in one commit. */
  turn(taken: readonly StreamEvent[], woken: Iterable<string>, now: Millis, observation: number): Promise<TurnOutcome>
}

const readLimit = 5_000
/** Somebody else appends between our reading and our writing now and then; more often than this in a row is no accident. */
const conflictLimit = 50
/** Keeps a turn short when very many moves have something to do: the rest follows in the next turn, at once. */
const maxSteps = 16

/** Neighbouring events of one stream become one batch, so that the journal keeps the order in which things happened. */
const toBatches = (
  events: readonly StreamEvent[],
  versionOf: ((stream: string) => number) | null,
): readonly Batch[] => {
  const batches: { stream: string; expected: number | 'any'; events: JournalEvent[] }[] = []
  const told = new Map<string, number>()
  for (const { stream, event } of events) {
    const last = batches.at(-1)
    const before = told.get(stream) ?? 0
    if (last?.stream === stream) last.events.push(event)
    else batches.push({ stream, expected: versionOf === null ? 'any' : versionOf(stream) + before, events: [event] })
    told.set(stream, before + 1)
  }
  return batches
}

const serviceOf = (stream: string): string | null => (stream.startsWith('move/') ? stream.slice('move/'.length) : null)

const versionIn = (journal: JournalState, stream: string): number => {
  const service = serviceOf(stream)
  return service === null ? journal.release.version : (journal.moves.get(service) ?? newMove(service)).version
}

/** The journal as it will be when these events are in it, right after what we know: what is decided on. */
const foresee = (
  journal: JournalState,
  taken: readonly StreamEvent[],
  by: Pick<Recorded, 'at' | 'epoch' | 'observation'>,
): JournalState => {
  if (taken.length === 0) return journal
  const versions = new Map<string, number>()
  const entries = taken.map(({ stream, event }, index): Recorded => {
    const version = (versions.get(stream) ?? versionIn(journal, stream)) + 1
    versions.set(stream, version)
    return { ...by, position: journal.position + 1 + index, stream, version, event, hash: '' }
  })
  return foldJournal(journal, entries)
}

const nothing = { entries: [], others: [], decided: [], rules: new Set<string>() } as const

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
  /** The least of all those instants; undefined: not told since they changed. */
  let wakeAt: Millis | null | undefined
  /** Moves whose state changed since they were last decided. */
  const stale = new Set<string>(Object.keys(plan.moves))

  const fold = (entries: readonly Recorded[]): void => {
    if (entries.length === 0) return
    journal = foldJournal(journal, entries)
    for (const { stream } of entries) {
      const service = serviceOf(stream)
      if (service !== null) stale.add(service)
    }
  }
  const catchUp = async (): Promise<readonly Recorded[]> => {
    const entries = await store.read(journal.position, readLimit)
    fold(entries)
    return entries
  }
  /** Read in the middle of a turn: whoever made the turn is told of them with it. */
  let others: readonly Recorded[] = []
  const catchUpWith = async (own: readonly Recorded[]): Promise<void> => {
    const ours = new Set(own.map(({ position }) => position))
    others = [...others, ...(await catchUp()).filter(({ position }) => !ours.has(position))]
  }
  const append = async (request: Append) => {
    const answer = await store.append(request)
    // Entries of others may stand between the last one that we read and ours.
    if (answer.kind === 'appended') {
      const first = answer.entries[0]
      if (first !== undefined && first.position !== journal.position + 1) await catchUpWith(answer.entries)
      else fold(answer.entries)
    }
    return answer
  }
  /** What is to be decided. Those whose time has come go first: a scrape wakes a thousand others at once. */
  const wokenBy = (taken: readonly StreamEvent[], woken: Iterable<string>, now: Millis): Set<string> => {
    const all = new Set<string>()
    for (const [service, at] of wakeMoves) if (at <= now) all.add(service)
    for (const service of woken) all.add(service)
    for (const { stream } of taken) {
      const service = serviceOf(stream)
      if (service !== null) all.add(service)
    }
    for (const service of stale) all.add(service)
    return all
  }

  /** Remembers what a turn found out, once what it decided is in the journal. */
  const remember = (result: TurnResult): void => {
    wakeAt = undefined
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
  }

  const turn: TurnLoop['turn'] = async (taken, woken, now, observation) => {
    others = []
    // An engine with nothing to append would never be refused, and would carry out what its successor intends.
    if (journal.release.epoch > epoch) return { ...nothing, refusal: { kind: 'fenced', epoch: journal.release.epoch } }
    const by = { at: now, epoch, observation }
    for (let tries = 0; tries < conflictLimit; tries += 1) {
      const seen = foresee(journal, taken, by)
      const result = decideTurn({
        ...{ plan, facts: options.facts, reports, now, epoch, observation, maxSteps, quiet },
        journal: seen,
        woken: wokenBy(taken, woken, now),
      })
      const isQuiet = taken.length === 0 && result.events.length === 0
      const batches = isQuiet
        ? []
        : [...toBatches(taken, null), ...toBatches(result.events, (stream) => versionIn(seen, stream))]
      const answer = batches.length === 0 ? null : await append({ ...by, batches })
      if (answer?.kind === 'conflict') {
        await catchUpWith([])
        continue
      }
      if (answer !== null && answer.kind !== 'appended') {
        // What woke them was taken in, and is not told again.
        for (const service of woken) stale.add(service)
        return { ...nothing, others, rules: result.rules, refusal: answer }
      }
      remember(result)
      const decided = [...result.wakeMoves.keys()]
      return { entries: answer?.entries ?? [], others, decided, rules: result.rules, refusal: null }
    }
    throw new Error('the journal kept changing while it was decided on')
  }

  return {
    journal: () => journal,
    reports: () => reports,
    wakeAt: () => {
      if (wakeAt !== undefined) return wakeAt
      let least = wakeRelease
      for (const at of wakeMoves.values()) if (least === null || at < least) least = at
      wakeAt = least
      return least
    },
    catchUp,
    isBehind: () => stale.size > 0,
    turn,
  }
}

export const forMove = (service: string, event: MoveEvent): StreamEvent => ({ stream: moveStream(service), event })
