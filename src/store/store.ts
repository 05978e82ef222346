import type { JournalEvent, Recorded } from '../journal/events.ts'
import type { Json, Millis } from '../moves/goal.ts'

/** Events for one stream. `expected`: the version that the writer decided on; `any`: append whatever came in between (outcomes, requests). */
export type Batch = {
  readonly stream: string
  readonly expected: number | 'any'
  readonly events: readonly JournalEvent[]
}

export type Append = {
  readonly at: Millis
  /** 0: a person's command, which is not fenced. */
  readonly epoch: number
  readonly observation: number
  readonly batches: readonly Batch[]
}

/**
 * - `appended`: all batches, in one commit, durable.
 * - `conflict`: some stream has moved on; nothing was written: read, decide again.
 * - `fenced`: a newer epoch exists; nothing was written: this engine must end.
 * - `full`: there is no room (disk full, read only); nothing was written: stop safely.
 */
export type AppendAnswer =
  | { readonly kind: 'appended'; readonly entries: readonly Recorded[] }
  | { readonly kind: 'conflict'; readonly stream: string; readonly version: number }
  | { readonly kind: 'fenced'; readonly epoch: number }
  | { readonly kind: 'full'; readonly because: string }

/** Something seen in the world: a changed fact (`fact`) or one sample of metrics (`sample`). Never a secret. */
export type Observation = {
  readonly kind: 'fact' | 'sample'
  /** `green/workload/storefront`, `router/weights/checkout`… A later fact of the same subject replaces it as the latest. */
  readonly subject: string
  readonly at: Millis
  readonly body: Json
}

export type StoredObservation = Observation & { readonly id: number }

export type Head = { readonly position: number; readonly hash: string }

/**
 * The store of one release: its journal, and its observations beside it. All writes of one call are one commit.
 * Throws TitrateError STORE_UNAVAILABLE when it can't be reached; a full disk on append is an answer, not an error.
 * When an append throws, `details.appended` says `no`, or `unknown`: the commit was under way. Then read after the head
 * that was known before: the batches are there whole, or not at all.
 */
export type Store = {
  readonly release: string
  /** Where it is, for messages; without any password. */
  readonly where: string
  append(append: Append): Promise<AppendAnswer>
  /** Events after a position, ascending, at most `limit`. */
  read(after: number, limit: number): Promise<readonly Recorded[]>
  head(): Promise<Head>
  /** Raises the epoch to one above the highest of the journal and `atLeast`, and returns it. Older epochs are fenced from here on. */
  claimEpoch(atLeast: number): Promise<number>
  /** The advisory lock of a living engine, held until `release` is called or the process ends; null: another process holds it. */
  lock(): Promise<StoreLock | null>
  /** All in one commit. Returns the id of the last one. Throws with `details.noRoom` where an append would answer `full`. */
  observe(observations: readonly Observation[]): Promise<number>
  /** The latest fact of every subject. */
  facts(): Promise<readonly StoredObservation[]>
  observations(query: {
    readonly kind: 'fact' | 'sample'
    readonly subjectPrefix: string
    readonly after: number
    readonly limit: number
  }): Promise<readonly StoredObservation[]>
  /** Removes observations up to an id (facts that are still the latest of their subject stay). Returns the count and a hash over what was removed. */
  prune(upTo: number): Promise<{ readonly removed: number; readonly hash: string }>
  /** Tells of appends by other stores and processes (a hint; polling is the fallback of whoever calls). Ends with the signal. */
  watch(appended: () => void, signal: AbortSignal): void
  close(): Promise<void>
}

/**
 * A held lock. `lost` aborts when it is gone although nobody released it (the connection to PostgreSQL broke): another
 * engine may have it now, so whoever holds it must stop acting, and take it again before going on.
 */
export type StoreLock = { readonly lost: AbortSignal; release(): Promise<void> }

/** All releases that a place holds. */
export type StoreListing = { readonly release: string; readonly createdAt: Millis; readonly head: Head }
