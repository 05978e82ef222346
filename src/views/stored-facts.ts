import type { JournalState } from '../journal/fold.ts'
import {
  type MoveFacts,
  noFacts,
  type ScheduleFact,
  type Seen,
  type WeightFact,
  type WorkloadFact,
} from '../moves/facts.ts'
import type { Json, Millis } from '../moves/goal.ts'
import { sides } from '../moves/goal.ts'
import type { StoredObservation } from '../store/store.ts'

/** The engine writes this fact every second. */
export const aliveSubject = 'engine/alive'

/** What is read back from a store: the latest fact of every subject, found by its name. */
export type StoredFacts = ReadonlyMap<string, StoredObservation>

export const indexFacts = (facts: readonly StoredObservation[]): StoredFacts =>
  new Map(facts.filter(({ kind }) => kind === 'fact').map((fact) => [fact.subject, fact]))

const isObject = (body: Json | undefined): body is { readonly [key: string]: Json } =>
  typeof body === 'object' && body !== null && !Array.isArray(body)

/** A fact that lacks a field was written by another version: it is then as if it had never been seen. */
const holds = (body: Json | undefined, fields: readonly string[]): body is { readonly [key: string]: Json } =>
  isObject(body) && fields.every((field) => field in body)

/**
 * The facts of one move as they were last stored. Only changes are stored, so a fact stands since `at`. It counts as
 * read after the journal's last outcomes only if it changed after them: an older one would look like drift.
 */
export const factsOf = (stored: StoredFacts, service: string, journal: JournalState): MoveFacts => {
  const lanes = Object.values(journal.moves.get(service)?.lanes ?? {})
  const lastOutcome = Math.max(0, ...lanes.map((lane) => lane.outcomeAt?.at ?? 0))
  const seen = <T>(subject: string, fields: readonly string[]): Seen<T> | null => {
    const fact = stored.get(subject)
    if (fact === undefined || !holds(fact.body, fields)) return null
    const after = fact.at > lastOutcome ? journal.position : 0
    // The engine wrote it as T, and its fields were looked at just now.
    return { value: fact.body as unknown as T, at: fact.at, since: fact.at, after }
  }
  const bySide = <T>(what: string, fields: readonly string[]) => {
    const [blue, green] = sides.map((side) => seen<T>(`${side}/${what}/${service}`, fields))
    return { blue: blue ?? null, green: green ?? null }
  }
  return {
    ...noFacts,
    workload: bySide<WorkloadFact>('workload', ['version', 'desired', 'ready', 'running', 'restarts', 'problem']),
    schedule: bySide<ScheduleFact>('schedule', ['suspended', 'active']),
    weights: seen<WeightFact>(`router/weights/${service}`, ['green', 'effectiveGreen', 'ready']),
  }
}

/** How old the newest of all facts of the world is; null: nothing was ever seen. The engine's own sign of life doesn't count. */
export const newestFactAt = (stored: StoredFacts): Millis | null => {
  let newest: Millis | null = null
  for (const [subject, { at }] of stored) if (subject !== aliveSubject && (newest === null || at > newest)) newest = at
  return newest
}
