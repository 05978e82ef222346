import type { BlueHalves } from '../judge/calibrate.ts'
import type { Arm, Histogram } from '../judge/sample.ts'
import type { Millis } from '../moves/goal.ts'
import type { Observation } from '../store/store.ts'
import { noBaselines, type SideIncrements, takeIncrements } from './increments.ts'
import type { CounterSeries, MetricsSnapshot } from './ports.ts'

/**
 * What blue did before its services crossed, its replicas split in two by their names: from this the judge learns how
 * noisy each check is. Every sample of the first hour is kept (720 of 5 s), after that one of twelve: a day of it.
 */
export type BlueHistory = {
  /** Takes one interval in, for the services that are recorded; gives what is to be stored of it. */
  take(
    snapshot: MetricsSnapshot,
    time: { readonly at: Millis; readonly durationMs: Millis },
    isRecorded: (service: string) => boolean,
  ): readonly Observation[]
  /** Oldest first. Only samples in which both halves had requests. */
  of(service: string): readonly BlueHalves[]
  /** Takes a stored row back, in the order in which it was given. */
  restore(row: Pick<Observation, 'subject' | 'body'>): void
}

export const historyPrefix = 'history/'

/** Fewer samples say nothing that the prior doesn't. */
export const leastHistory = 20

const mostPerService = 2_160
/** Of all services together: at half a kilobyte each they stay well within the engine's memory. */
const mostInAll = 50_000
const thinning = 12

type Kept = { taken: number; samples: BlueHalves[] }

export const createBlueHistory = (services: number): BlueHistory => {
  const most = Math.max(leastHistory, Math.min(mostPerService, Math.floor(mostInAll / Math.max(1, services))))
  const dense = Math.floor(most / 3)
  const kept = new Map<string, Kept>()
  const baselines = noBaselines()

  const add = (service: string, sample: BlueHalves): void => {
    const own = kept.get(service) ?? { taken: 0, samples: [] }
    kept.set(service, own)
    own.samples.push(sample)
    if (own.samples.length > most) own.samples.shift()
  }

  /** Whether the next sample of a service is one that is kept. */
  const isNext = (service: string): boolean => {
    const own = kept.get(service) ?? { taken: 0, samples: [] }
    kept.set(service, own)
    own.taken += 1
    return own.samples.length < dense || own.taken % thinning === 0
  }

  return {
    take: (snapshot, time, isRecorded) => {
      const counters = byReplica(snapshot, isRecorded)
      const increments = takeIncrements(baselines, { ...snapshot, counters })
      const replicas = new Map<string, Replica[]>()
      for (const [key, { blue }] of increments) {
        const [service = '', name = ''] = key.split(between)
        if (blue === null || blue.arm.requests === 0) continue
        replicas.set(service, [...(replicas.get(service) ?? []), { name, ...blue }])
      }
      return [...replicas].flatMap(([service, own]) => {
        const sample = halvesOf(own, time)
        if (sample === null || !isNext(service)) return []
        add(service, sample)
        return [{ kind: 'sample', subject: `${historyPrefix}${service}`, at: time.at, body: sample }]
      })
    },
    of: (service) => kept.get(service)?.samples ?? [],
    // Rows are written by this module only, in this shape.
    restore: ({ subject, body }) => add(subject.slice(historyPrefix.length), body as unknown as BlueHalves),
  }
}

type Replica = SideIncrements & { readonly name: string }

/** No service and no replica has it in its name. */
const between = '\n'

/** Blue's counters that tell replicas apart, each replica as if it were a service of its own. */
const byReplica = (snapshot: MetricsSnapshot, isRecorded: (service: string) => boolean): CounterSeries[] => {
  const recorded = new Map<string, boolean>()
  const counters: CounterSeries[] = []
  for (const counter of snapshot.counters) {
    const { service, side, replica } = counter
    if (side !== 'blue' || replica === undefined) continue
    const known = recorded.get(service)
    const isWanted = known ?? isRecorded(service)
    if (known === undefined) recorded.set(service, isWanted)
    if (isWanted) counters.push({ ...counter, service: `${service}${between}${replica}` })
  }
  return counters
}

/** null: fewer than two replicas had requests. */
const halvesOf = (
  replicas: readonly Replica[],
  time: { readonly at: Millis; readonly durationMs: Millis },
): BlueHalves | null => {
  if (replicas.length < 2) return null
  const sorted = replicas.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const middle = Math.ceil(sorted.length / 2)
  const [first, second] = [sorted.slice(0, middle), sorted.slice(middle)]
  const assigned = (half: readonly Replica[]): number =>
    // Workers aren't assigned anything: they have time, as in the judge's samples.
    half.reduce((sum, one) => sum + (one.assigned ?? time.durationMs), 0)
  return {
    ...time,
    a: sumOf(first.map(({ arm }) => arm)),
    b: sumOf(second.map(({ arm }) => arm)),
    assigned: { a: assigned(first), b: assigned(second) },
  }
}

/** Latency is that of all of them, or none. */
export const sumOf = (arms: readonly Arm[]): Arm => {
  const sum = (of: (arm: Arm) => number): number => arms.reduce((total, arm) => total + of(arm), 0)
  const histograms = arms.flatMap(({ latency }) => (latency === null ? [] : [latency]))
  const isWorker = arms.some(({ business }) => business?.done !== undefined)
  return {
    requests: sum(({ requests }) => requests),
    errors: sum(({ errors }) => errors),
    latency: histograms.length < arms.length ? null : sumOfHistograms(histograms),
    ...(isWorker ? { business: { done: sum(({ business }) => business?.done ?? 0) } } : {}),
  }
}

/** null: they don't have the same bounds. */
const sumOfHistograms = (histograms: readonly Histogram[]): Histogram | null => {
  const [first] = histograms
  if (first === undefined) return null
  const { boundsMs } = first
  const isSame = (one: Histogram) =>
    one.boundsMs.length === boundsMs.length && one.boundsMs.every((bound, index) => bound === boundsMs[index])
  if (!histograms.every(isSame)) return null
  return {
    boundsMs,
    atOrBelow: boundsMs.map((_, index) => histograms.reduce((sum, one) => sum + (one.atOrBelow[index] ?? 0), 0)),
    count: histograms.reduce((sum, { count }) => sum + count, 0),
  }
}
