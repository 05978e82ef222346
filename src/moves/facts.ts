import type { Gap } from '../journal/release-state.ts'
import type { Millis, Side } from './goal.ts'

/**
 * What was seen, and how fresh it is. `at`: when the read began. `since`: when this very value was first seen.
 * `after`: the journal position when the read began; a fact counts for a lane only if that is not before the
 * lane's last outcome, otherwise our own write would look like somebody else's.
 */
export type Seen<T> = { readonly value: T; readonly at: Millis; readonly since: Millis; readonly after: number }

export type WorkloadFact = {
  readonly version: string
  readonly desired: number
  /** Where an autoscaler decides between `least` and `desired`; absent: nobody does. */
  readonly autoscaled?: { readonly least: number; readonly held: boolean }
  readonly ready: number
  readonly running: number
  readonly restarts: number
  readonly problem: string | null
}

/** How many ready replicas are enough. */
export const enoughReady = ({ desired, autoscaled }: Pick<WorkloadFact, 'desired' | 'autoscaled'>): number =>
  Math.min(desired, autoscaled?.least ?? desired)

export type ScheduleFact = { readonly suspended: boolean; readonly active: number }

export type WeightFact = {
  readonly green: number
  readonly effectiveGreen: number
  readonly ready: Readonly<Record<Side, boolean | null>>
}

/** Everything that one move sees of the world. null: not read yet, or its environment can't be reached. */
export type MoveFacts = {
  readonly workload: Readonly<Record<Side, Seen<WorkloadFact> | null>>
  readonly schedule: Readonly<Record<Side, Seen<ScheduleFact> | null>>
  readonly weights: Seen<WeightFact> | null
  /** Calendars by name: open now, and when that changes (null: never). */
  readonly windows: Readonly<Record<string, { readonly open: boolean; readonly changesAt: Millis | null }>>
  /** CEL conditions by name; null: it can't be told. */
  readonly conditions: Readonly<Record<string, boolean | null>>
}

export const noFacts: MoveFacts = {
  workload: { blue: null, green: null },
  schedule: { blue: null, green: null },
  weights: null,
  windows: {},
  conditions: {},
}

/** Observed time between two instants: what passed without anybody watching does not count. Milliseconds. */
export const observedBetween = (from: Millis, until: Millis, gaps: readonly Gap[]): Millis => {
  let unwatched = 0
  for (const gap of gaps) unwatched += Math.max(0, Math.min(gap.until, until) - Math.max(gap.from, from))
  return Math.max(0, until - from - unwatched)
}
