import { TitrateError } from '../errors.ts'
import type { Recorded, ReleaseEvent } from '../journal/events.ts'
import { releaseStream } from '../journal/events.ts'
import { emptyJournal, foldJournal, type JournalState } from '../journal/fold.ts'
import type { Plan } from '../plan/plan.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from './clock.ts'
import type { ClaimSeen, Claims } from './ports.ts'

const batchSize = 5_000

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
  const { store, clock, plan } = options
  let journal = await readJournal(store)
  if (journal.release.plan === null && plan === null)
    throw new TitrateError(
      'NO_RELEASE',
      `${store.where} holds no release "${store.release}" yet; "titrate run" makes one`,
    )
  const seen = await Promise.all(
    options.claims.map(async (claims) => ({ claims, answer: await claims.read(AbortSignal.timeout(readTimeoutMs)) })),
  )
  const highest = Math.max(0, ...seen.map(({ answer }) => (answer.kind === 'ok' ? answer.value.epoch : 0)))
  const epoch = await store.claimEpoch(highest)
  const unclaimed: Claims[] = []
  for (const { claims, answer } of seen) {
    const claimed =
      answer.kind === 'ok' ? await claims.claim(store.release, epoch, AbortSignal.timeout(readTimeoutMs)) : answer
    if (claimed.kind === 'refused')
      throw new TitrateError(
        'ENVIRONMENT_TAKEN',
        `${claims.name} can't be taken for the release "${store.release}": ${claimed.because}`,
      )
    if (claimed.kind !== 'ok') unclaimed.push(claims)
  }
  const now = clock.now()
  const events: ReleaseEvent[] = []
  if (journal.release.plan === null && plan !== null)
    events.push({ kind: 'created', release: store.release, plan, titrate: options.titrate })
  const from = options.lastWatchedAt ?? (journal.release.engine === null ? null : journal.lastAt)
  const gap = from === null || journal.release.engine === null ? null : { from, until: now }
  events.push({ kind: 'took over', epoch, engine: options.engine, gap })
  const answer = await store.append({
    at: now,
    epoch,
    observation: 0,
    batches: [{ stream: releaseStream, expected: 'any', events }],
  })
  if (answer.kind !== 'appended')
    throw new TitrateError(
      'STORE_UNAVAILABLE',
      `${store.where} did not take the first entry: ${answer.kind === 'full' ? answer.because : answer.kind}`,
    )
  journal = foldJournal(journal, answer.entries)
  const stops = seen.flatMap(({ claims, answer: read }) =>
    read.kind === 'ok' && read.value.stop !== null ? [{ where: claims.name, seen: read.value }] : [],
  )
  return { journal, entries: answer.entries, epoch, unclaimed, stops }
}
