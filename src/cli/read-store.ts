import type { ResolvedRelease } from '../config/release.ts'
import type { Recorded } from '../journal/events.ts'
import { emptyJournal, foldJournal, type JournalState } from '../journal/fold.ts'
import type { Store, StoredObservation } from '../store/store.ts'
import type { Material } from '../views/status-view.ts'
import type { Deps } from './deps.ts'

const atOnce = 5_000
/** How far back the newest sample of a service is looked for; an older one is not shown, the journal's verdict is. */
const recentRows = 5_000

/** Opens the store of a release that has begun, does the work, and closes it in any case. */
export const withStore = async <T>(
  deps: Deps,
  release: ResolvedRelease,
  work: (store: Store) => Promise<T>,
): Promise<T> => {
  const store = await deps.openStore(release, false)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

export const readEntries = async (store: Store, after = 0): Promise<readonly Recorded[]> => {
  const entries: Recorded[] = []
  for (;;) {
    const part = await store.read(entries.at(-1)?.position ?? after, atOnce)
    entries.push(...part)
    if (part.length < atOnce) return entries
  }
}

/** Folds what the journal has beyond `before`, a part at a time. */
export const readJournal = async (store: Store, before = emptyJournal(store.release)): Promise<JournalState> => {
  let journal = before
  for (;;) {
    const part = await store.read(journal.position, atOnce)
    journal = foldJournal(journal, part)
    if (part.length < atOnce) return journal
  }
}

export const readSamples = async (
  store: Store,
  subjectPrefix: string,
  after = 0,
): Promise<readonly StoredObservation[]> => {
  const rows: StoredObservation[] = []
  for (;;) {
    const part = await store.observations({
      kind: 'sample',
      subjectPrefix,
      after: rows.at(-1)?.id ?? after,
      limit: atOnce,
    })
    rows.push(...part)
    if (part.length < atOnce) return rows
  }
}

/** What the views of the present need: the newest samples, not all of them. */
export const readMaterial = async (deps: Deps, store: Store, before?: JournalState): Promise<Material> => {
  const journal = await readJournal(store, before)
  const facts = await store.facts()
  const newest = Math.max(0, ...facts.map(({ id }) => id))
  const judged = await readSamples(store, 'judge/', Math.max(0, newest - recentRows))
  const ledger = await readSamples(store, 'ledger/')
  return { journal, facts, samples: [...judged, ...ledger], now: deps.now() }
}
