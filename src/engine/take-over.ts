import { TitrateError } from '../errors.ts'
import type { Recorded, ReleaseEvent } from '../journal/events.ts'
import { releaseStream } from '../journal/events.ts'
import { emptyJournal, foldJournal, type JournalState } from '../journal/fold.ts'
import type { Plan } from '../plan/plan.ts'
import type { Store } from '../store/store.ts'
import { type Asking, limited } from './asked.ts'
import type { Clock } from './clock.ts'
import type { ClaimSeen, Claims } from './ports.ts'

/** Few enough that a batch dies young, and many enough that the map of moves is not copied all the time. */
const batchSize = 500

/** Reads and folds the whole journal of the store's release. */
export const readJournal = async (
  store: Store,
  from: JournalState = emptyJournal(store.release),
): Promise<JournalState> => {
  let state = from
  for (;;) {
    const entries = await store.read(state.position, batchSize)
    if (entries.length === 0) return state
    state = foldJournal(state, entries)
  }
}

export type TakeOverOptions = {
  readonly store: Store
  readonly clock: Clock
  readonly claims: readonly Claims[]
  /** What is written first when the journal is empty. */
  readonly plan: Plan | null
  readonly titrate: string
  /** Who this engine is, for people: host and process. */
  readonly engine: string
  /** When the last engine was known to watch; null: no engine ever did. */
  readonly lastWatchedAt: number | null
}

export type TakenOver = {
  readonly journal: JournalState
  /** What taking over wrote. */
  readonly entries: readonly Recorded[]
  readonly epoch: number
  /** Environments that did not answer: claimed later, when they do. */
  readonly unclaimed: readonly Claims[]
  readonly stops: readonly { readonly where: string; readonly seen: ClaimSeen }[]
}

const readTimeoutMs = 3_000

/**
 * Makes this engine the one writer of the release: an epoch above the highest of the journal and of every fence that
 * answers, claimed in each environment, and `took over` in the journal. An environment that belongs to another release
 * is refused; one that does not answer is claimed later, so that a rollback needs nobody's permission.
 */
export const takeOver = async (options: TakeOverOptions): Promise<TakenOver> => {
  const { store, plan, clock } = options
  const asking = { clock, signal: new AbortController().signal }
  const before = await readJournal(store)
  if (before.release.plan === null && plan === null)
    throw new TitrateError(
      'NO_RELEASE',
      `${store.where} holds no release "${store.release}" yet; "titrate run" makes one`,
    )
  const seen = await Promise.all(
    options.claims.map(async (claims) => ({
      claims,
      answer: await limited((limit) => claims.read(limit), asking, readTimeoutMs),
    })),
  )
  const highest = Math.max(0, ...seen.map(({ answer }) => (answer.kind === 'ok' ? answer.value.epoch : 0)))
  const epoch = await store.claimEpoch(highest)
  const unclaimed: Claims[] = []
  for (const { claims, answer } of seen) {
    const claimed =
      answer.kind === 'ok'
        ? await limited((limit) => claims.claim(store.release, epoch, limit), asking, readTimeoutMs)
        : answer
    if (claimed.kind === 'refused') await throwIfFenced(claims, options, epoch, asking)
    if (claimed.kind === 'refused')
      throw new TitrateError(
        'ENVIRONMENT_TAKEN',
        `${claims.name} can't be taken for the release "${store.release}": ${claimed.because}`,
      )
    if (claimed.kind !== 'ok') unclaimed.push(claims)
  }
  const { journal, entries } = await sayTakenOver(options, epoch, before)
  const stops = seen.flatMap(({ claims, answer: read }) =>
    read.kind === 'ok' && read.value.stop !== null ? [{ where: claims.name, seen: read.value }] : [],
  )
  return { journal, entries, epoch, unclaimed, stops }
}

/** An engine that began at the same time and was later than us, or break-glass. */
const throwIfFenced = async (
  claims: Claims,
  { store }: TakeOverOptions,
  epoch: number,
  asking: Asking,
): Promise<void> => {
  const seen = await limited((limit) => claims.read(limit), asking, readTimeoutMs)
  if (seen.kind !== 'ok' || seen.value.epoch <= epoch) return
  if (seen.value.release !== null && seen.value.release !== store.release) return
  throw new TitrateError(
    'ENGINE_RUNNING',
    `Somebody newer (epoch ${seen.value.epoch}: another engine, or break-glass) took ${claims.name} while this engine of "${store.release}" (epoch ${epoch}) began; this one stopped. "titrate status" shows where the release is.`,
  )
}

/** People and a fenced predecessor may append between our reading and our writing; so often in a row is no accident. */
const tries = 20

/** Appends `took over` (and `created`, where nobody did yet) to the journal as it is then, and folds all of it. */
const sayTakenOver = async (
  options: TakeOverOptions,
  epoch: number,
  before: JournalState,
): Promise<Pick<TakenOver, 'journal' | 'entries'>> => {
  const { store } = options
  let because = 'the journal kept changing'
  let journal = before
  for (let count = 0; count < tries; count += 1) {
    journal = await readJournal(store, journal)
    const answer = await store.append({
      at: options.clock.now(),
      epoch,
      observation: 0,
      batches: [
        { stream: releaseStream, expected: journal.release.version, events: firstEvents(options, epoch, journal) },
      ],
    })
    // Entries of moves may stand between what we read and ours: they are read, too.
    if (answer.kind === 'appended') return { journal: await readJournal(store, journal), entries: answer.entries }
    if (answer.kind !== 'conflict') {
      because = answer.kind === 'full' ? answer.because : `epoch ${answer.epoch} has taken over meanwhile`
      break
    }
  }
  throw new TitrateError('STORE_UNAVAILABLE', `${store.where} did not take the first entry: ${because}`)
}

const firstEvents = (options: TakeOverOptions, epoch: number, journal: JournalState): readonly ReleaseEvent[] => {
  const { store, plan } = options
  const now = options.clock.now()
  const events: ReleaseEvent[] = []
  if (journal.release.plan === null && plan !== null)
    events.push({ kind: 'created', release: store.release, plan, titrate: options.titrate })
  const from = options.lastWatchedAt ?? (journal.release.engine === null ? null : journal.lastAt)
  const gap = from === null || journal.release.engine === null ? null : { from, until: now }
  events.push({ kind: 'took over', epoch, engine: options.engine, gap })
  return events
}
