import { existsSync } from 'node:fs'
import type { Recorded } from '../journal/events.ts'
import { emptyJournal, foldJournal, type JournalState } from '../journal/fold.ts'
import type { Millis } from '../moves/goal.ts'
import { openStore } from '../store/open.ts'
import type { Store, StoredObservation } from '../store/store.ts'
import type { Material } from '../views/status-view.ts'

export const release = 'shop'
const atOnce = 5_000

/** What the demo knows of the release: only what any other program can read in the store. */
export type Follower = {
  /** Takes up what is new. Returns the fresh entries. */
  look(): Promise<readonly Recorded[]>
  journal(): JournalState
  entries(): readonly Recorded[]
  material(now: Millis): Material
  /** Calls back when something was appended. */
  watch(appended: () => void, signal: AbortSignal): void
  close(): Promise<void>
}

export const followStore = (file: string): Follower => {
  let store: Store | null = null
  let journal = emptyJournal(release)
  let facts: readonly StoredObservation[] = []
  let watching: { readonly appended: () => void; readonly signal: AbortSignal } | null = null
  const entries: Recorded[] = []
  const samples: StoredObservation[] = []

  const open = async (): Promise<Store | null> => {
    // The engine makes it: a follower that did would be in its way.
    if (store === null && existsSync(file)) {
      store = await openStore({ file, release })
      if (watching !== null) store.watch(watching.appended, watching.signal)
    }
    return store
  }

  return {
    look: async () => {
      const opened = await open()
      if (opened === null) return []
      const fresh = await opened.read(journal.position, atOnce)
      journal = foldJournal(journal, fresh)
      entries.push(...fresh)
      facts = await opened.facts()
      const after = samples.at(-1)?.id ?? 0
      samples.push(...(await opened.observations({ kind: 'sample', subjectPrefix: '', after, limit: atOnce })))
      return fresh
    },
    journal: () => journal,
    entries: () => entries,
    material: (now) => ({ journal, facts, samples, now }),
    watch: (appended, signal) => {
      watching = { appended, signal }
      store?.watch(appended, signal)
    },
    close: async () => store?.close(),
  }
}
