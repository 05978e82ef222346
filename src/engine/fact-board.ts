import {
  type MoveFacts,
  noFacts,
  type ScheduleFact,
  type Seen,
  type WeightFact,
  type WorkloadFact,
} from '../moves/facts.ts'
import type { Json, Millis, Side } from '../moves/goal.ts'
import type { Observation } from '../store/store.ts'

/** When a read began, and what of the journal was known then. */
export type Reading = { readonly at: Millis; readonly after: number }

type Fact = { readonly subject: string; readonly service: string; readonly value: Json }

/**
 * The newest facts of every move. A read that shows the same value only refreshes it; one that shows a new value
 * is an observation, and wakes the move. A fact that lapses (its environment can't be reached) becomes unknown
 * only after `lapseAfterMs` without a read, so that one slow answer is no news.
 */
export type FactBoard = {
  factsOf(service: string): MoveFacts
  workload(side: Side, service: string, value: WorkloadFact, reading: Reading): void
  schedule(side: Side, service: string, value: ScheduleFact, reading: Reading): void
  weights(service: string, value: WeightFact, reading: Reading): void
  calendars(windows: MoveFacts['windows']): void
  conditions(service: string, conditions: MoveFacts['conditions']): void
  /** Whether anything changed since `takeNews` was last asked. */
  hasNews(): boolean
  /** What changed since this was last asked: observations to store, and moves to wake. */
  takeNews(): { readonly observations: readonly Observation[]; readonly woken: readonly string[] }
}

/**
 * Only what decisions read counts as a change: replicas that restart change, the moment of a read does not. Both come
 * from the same place with their members in the same order or not; this runs for every service at every read.
 */
const same = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  let members = 0
  for (const key in a) {
    members += 1
    if (!same(a[key as keyof typeof a], b[key as keyof typeof b])) return false // A key of `a`; absent in `b`: undefined.
  }
  for (const _ in b) members -= 1
  return members === 0
}

const renew = <T>(
  before: Seen<T> | null,
  value: T,
  { at, after }: Reading,
): { readonly seen: Seen<T>; readonly isNews: boolean } => {
  if (before !== null && same(before.value, value))
    return { seen: { value: before.value, at, since: before.since, after }, isNews: false }
  return { seen: { value, at, since: at, after }, isNews: true }
}

/**
 * `cameOutBetween`: whether an outcome of the move stands in the journal after the one position and up to the other, so
 * that a read may settle what was open: a fact counts for a lane only from its outcome on.
 */
export const createFactBoard = (
  cameOutBetween: (service: string, after: number, upTo: number) => boolean,
): FactBoard => {
  const facts = new Map<string, MoveFacts>()
  let windows: MoveFacts['windows'] = {}
  let observations: Observation[] = []
  let woken = new Set<string>()

  const factsOf = (service: string): MoveFacts => facts.get(service) ?? { ...noFacts, windows }
  const news = ({ subject, service, value }: Fact, at: Millis): void => {
    observations.push({ kind: 'fact', subject, at, body: value })
    woken.add(service)
  }
  const put = <T extends Json>(
    subject: string,
    service: string,
    before: Seen<T> | null,
    value: T,
    reading: Reading,
    set: (seen: Seen<T>) => MoveFacts,
  ): void => {
    const { seen, isNews } = renew(before, value, reading)
    // A first read after our own outcome may show the same value and still settle a question: it wakes the move too.
    facts.set(service, set(seen))
    if (isNews) news({ subject, service, value }, reading.at)
    else if (before !== null && cameOutBetween(service, before.after, reading.after)) woken.add(service)
  }

  return {
    factsOf,
    workload: (side, service, value, reading) => {
      const own = factsOf(service)
      put(`${side}/workload/${service}`, service, own.workload[side], value, reading, (seen) => ({
        ...own,
        workload: { ...own.workload, [side]: seen },
      }))
    },
    schedule: (side, service, value, reading) => {
      const own = factsOf(service)
      put(`${side}/schedule/${service}`, service, own.schedule[side], value, reading, (seen) => ({
        ...own,
        schedule: { ...own.schedule, [side]: seen },
      }))
    },
    weights: (service, value, reading) => {
      const own = factsOf(service)
      put(`router/weights/${service}`, service, own.weights, value, reading, (seen) => ({ ...own, weights: seen }))
    },
    calendars: (next) => {
      if (same(windows, next)) return
      windows = next
      for (const [service, own] of facts) {
        facts.set(service, { ...own, windows })
        woken.add(service)
      }
    },
    conditions: (service, conditions) => {
      const own = factsOf(service)
      if (same(own.conditions, conditions)) return
      facts.set(service, { ...own, conditions })
      woken.add(service)
    },
    hasNews: () => observations.length > 0 || woken.size > 0,
    takeNews: () => {
      const news = { observations, woken: [...woken] }
      observations = []
      woken = new Set()
      return news
    },
  }
}
