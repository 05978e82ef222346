import type { Answer, WeightShift } from '../../../engine/ports.ts'
import type { Millis } from '../../../moves/goal.ts'
import { acceptanceOf } from './acceptance.ts'
import type { Looked, OwnRoute } from './look-routes.ts'
import { addEvidence, isEnough, type SideCounts } from './shift-evidence.ts'

/** By what a shift of traffic is seen: requests that each side got, counted up. A service without figures is absent. */
export type Sight = {
  /** "metrics", for people. */
  readonly name: string
  counts(signal: AbortSignal): Promise<Answer<ReadonlyMap<string, SideCounts>>>
}

/** Gateways were seen to say that they have the new generation up to 2 s before they moved traffic. */
const settleMs: Millis = 3_000
/** Where there are figures, and too few requests to tell, this long is waited for them. */
const sightLimitMs: Millis = 30_000
/** What was written longer ago than this was in force before this process began. */
const oldMs: Millis = 60_000

/** Gateways answer within a moment, or not soon; a wait of more than 2 s gives the place of an attempt to others. */
const soonMs: Millis = 3_000
const quickMs: Millis = 200
const slowMs: Millis = 2_500

type Watched = {
  /** Which change it is. */
  readonly intent: string
  /** Monotonic: when all routes were seen to be accepted. */
  readonly acceptedAt: Millis
  counts: SideCounts | null
  evidence: number
  by: string | null
}

type Options = {
  readonly sight: Sight | null
  readonly elapsed: () => Millis
  readonly now: () => Millis
}

export type ShiftProgress = {
  /** How far the last change of the service has come, by what is known now; absent: there was none, or it is long ago. */
  of(looked: Looked): WeightShift | undefined
  /** The same, after another look at the figures. */
  lookAgain(looked: Looked, signal: AbortSignal): Promise<WeightShift | undefined>
}

/** Follows changes of weights from the write to the moment when they are seen. Nothing here is kept: it is found out again. */
export const followShifts = ({ sight, elapsed, now }: Options): ShiftProgress => {
  const watched = new Map<string, Watched>()

  const isChange = ({ record }: OwnRoute) => record !== null && record.was !== record.green
  const settling = (forMs: Millis) =>
    ({ kind: 'pending', because: 'the gateway has accepted it, and may still be moving traffic', forMs }) as const
  const of = (looked: Looked): WeightShift | undefined => {
    const { service, routes } = looked
    const records = routes.flatMap(({ record }) => record ?? [])
    const intents = records.map(({ stamp }) => stamp.intent).join(' ')
    if (intents === '') return undefined
    const age = now() - Math.max(...records.map(({ at }) => at))
    const pending = routes.map(({ route }) => acceptanceOf(route)).find(({ kind }) => kind === 'pending')
    if (pending?.kind === 'pending') {
      watched.delete(service)
      return { ...pending, forMs: age < soonMs ? quickMs : slowMs }
    }
    if (!routes.some(isChange)) return undefined
    const own = watched.get(service)
    if (own === undefined || own.intent !== intents) {
      if (age > oldMs) return undefined
      watched.set(service, { intent: intents, acceptedAt: elapsed(), counts: null, evidence: 0, by: null })
      return settling(sight === null ? settleMs : quickMs)
    }
    if (own.by !== null) return { kind: 'seen', by: own.by }
    const since = elapsed() - own.acceptedAt
    const isCounted = sight !== null && own.counts !== null
    if (since < settleMs) return settling(isCounted ? quickMs : settleMs - since)
    if (isCounted && since < sightLimitMs)
      return { kind: 'pending', because: `accepted, and not seen by ${sight.name} yet`, forMs: slowMs }
    return { kind: 'accepted' }
  }
  const count = async (looked: Looked, signal: AbortSignal): Promise<void> => {
    const own = watched.get(looked.service)
    if (sight === null || own === undefined || own.by !== null) return
    const answer = await sight.counts(signal)
    const counts = answer.kind === 'ok' ? answer.value.get(looked.service) : undefined
    if (counts === undefined) return
    const [before, record] = [own.counts, looked.routes.find(isChange)?.record]
    own.counts = counts
    if (before === null || record === undefined || record === null) return
    // A counter that falls was begun anew.
    const grown = (now: number, then: number) => (now < then ? now : now - then)
    const added = { blue: grown(counts.blue, before.blue), green: grown(counts.green, before.green) }
    own.evidence = addEvidence(own.evidence, record.was, record.green, added)
    if (isEnough(own.evidence)) own.by = sight.name
  }
  return {
    of,
    lookAgain: async (looked, signal) => {
      if (of(looked) === undefined) return undefined
      await count(looked, signal)
      return of(looked)
    },
  }
}
