import type { CounterSeries } from '../engine/ports.ts'
import type { Millis, Side } from '../moves/goal.ts'
import { noQueueCounts, type QueueCounts, queueSeries } from './queue-counts.ts'
import type { Random } from './simulated-clock.ts'

/** What really became of the items of one queue. */
export type QueueTruth = {
  readonly added: number
  readonly done: number
  readonly waiting: number
  readonly underWay: number
  /** Finished more than once: given out again although it was done. */
  readonly twice: number
  /** Neither waiting, under way nor done: it must be 0. */
  readonly lost: number
}

export type QueueOf = {
  readonly service: string
  readonly itemsPerSecond: number
  readonly itemMs: Millis
  readonly failRatio: Readonly<Record<Side, number>>
}

export type SimulatedQueues = {
  /** Lets the work up to now happen. Call it before replicas change. */
  readonly passTime: (service: string) => void
  readonly series: (service: string) => readonly CounterSeries[]
  readonly depth: (service: string) => number
  readonly truth: (service: string) => QueueTruth
  readonly setFailRatio: (service: string, side: Side, ratio: number) => void
  readonly counts: (service: string, side: Side) => { readonly requests: number; readonly errors: number }
  /** Since when green fails at all that it takes; null: it does not. */
  readonly failingSince: (service: string) => Millis | null
  /** Whoever works on something on this side dies, before or after it was finished, and without saying so. */
  readonly crash: (service: string, side: Side) => void
}

type Item = { done: boolean }
type UnderWay = { readonly item: Item; readonly side: Side; readonly until: Millis }

type State = {
  readonly of: QueueOf
  readonly failRatio: Record<Side, number>
  failingSince: Millis | null
  upTo: Millis
  nextItemAt: Millis
  waiting: Item[]
  underWay: UnderWay[]
  /** Given out again at that moment: nobody said that it was done. */
  hidden: { readonly item: Item; readonly until: Millis }[]
  added: number
  done: number
  twice: number
  readonly counts: Record<Side, QueueCounts>
}

/** An item whose worker is silent is given out again after so long. */
const redeliveredAfterMs = 5_000

/**
 * Queues with workers on both sides: each ready copy takes one item at a time; an item whose worker dies is given out
 * again later. It needs no clock of its own: all that happened since the last look happens when it is looked at.
 */
export const createSimulatedQueues = (options: {
  readonly now: () => Millis
  readonly random: Random
  readonly queues: readonly QueueOf[]
  readonly ready: (service: string, side: Side) => number
}): SimulatedQueues => {
  const { now, random } = options
  const states = new Map(
    options.queues.map((of): [string, State] => [
      of.service,
      {
        of,
        failRatio: { ...of.failRatio },
        failingSince: null,
        upTo: now(),
        nextItemAt: now() + 1_000 / of.itemsPerSecond,
        waiting: [],
        underWay: [],
        hidden: [],
        added: 0,
        done: 0,
        twice: 0,
        counts: noQueueCounts(),
      },
    ]),
  )
  const of = (service: string): State => {
    const state = states.get(service)
    if (state === undefined) throw new Error(`${service} takes from no queue`)
    return state
  }

  const finish = (state: State, { item, side }: UnderWay): void => {
    const counts = state.counts[side]
    counts.requests += 1
    if (random() < state.failRatio[side]) {
      counts.errors += 1
      state.waiting.push(item)
      return
    }
    counts.done += 1
    if (item.done) state.twice += 1
    else state.done += 1
    item.done = true
  }

  /** Items that end, come back, or come in, in their order, up to `at`; then free copies take what waits. */
  const step = (state: State, at: Millis): void => {
    const ended = state.underWay.filter(({ until }) => until <= at)
    if (ended.length > 0) {
      state.underWay = state.underWay.filter(({ until }) => until > at)
      for (const one of ended) finish(state, one)
    }
    const shown = state.hidden.filter(({ until }) => until <= at)
    if (shown.length > 0) {
      state.hidden = state.hidden.filter(({ until }) => until > at)
      state.waiting.push(...shown.map(({ item }) => item))
    }
    while (state.nextItemAt <= at) {
      state.added += 1
      state.waiting.push({ done: false })
      state.nextItemAt += 1_000 / state.of.itemsPerSecond
    }
    while (state.waiting.length > 0) {
      const side = freeCopy(state)
      const item = side === null ? undefined : state.waiting.shift()
      if (side === null || item === undefined) return
      state.underWay.push({ item, side, until: at + state.of.itemMs })
    }
  }
  /** The side of any copy that has nothing to do; null: all are busy. */
  const freeCopy = (state: State): Side | null => {
    const freeOn = (side: Side): number =>
      Math.max(
        0,
        options.ready(state.of.service, side) - state.underWay.reduce((n, one) => n + (one.side === side ? 1 : 0), 0),
      )
    const [blue, green] = [freeOn('blue'), freeOn('green')]
    if (blue + green === 0) return null
    return random() * (blue + green) < blue ? 'blue' : 'green'
  }
  const passTime = (service: string): void => {
    const state = states.get(service)
    if (state === undefined) return
    const at = now()
    while (state.upTo < at) {
      const ends = state.underWay.reduce((least, { until }) => Math.min(least, until), state.nextItemAt)
      const next = Math.min(at, Math.max(ends, state.upTo + 1))
      step(state, next)
      state.upTo = next
    }
  }

  return {
    passTime,
    series: (service) => {
      passTime(service)
      return queueSeries(service, of(service).counts)
    },
    depth: (service) => {
      passTime(service)
      return of(service).waiting.length
    },
    truth: (service) => {
      passTime(service)
      const { added, done, waiting, underWay, hidden, twice } = of(service)
      const open = [...waiting, ...underWay.map(({ item }) => item), ...hidden.map(({ item }) => item)]
      const undone = open.filter((item) => !item.done).length
      return {
        ...{ added, done, twice, waiting: waiting.length, underWay: underWay.length },
        lost: added - done - undone,
      }
    },
    setFailRatio: (service, side, ratio) => {
      passTime(service)
      const state = of(service)
      state.failRatio[side] = ratio
      if (side === 'green') state.failingSince = ratio < 1 ? null : (state.failingSince ?? now())
    },
    counts: (service, side) => {
      passTime(service)
      return of(service).counts[side]
    },
    failingSince: (service) => states.get(service)?.failingSince ?? null,
    crash: (service, side) => {
      passTime(service)
      const state = of(service)
      const dying = state.underWay.find((one) => one.side === side)
      if (dying === undefined) return
      state.underWay = state.underWay.filter((one) => one !== dying)
      // In one case of two it had finished, and could not say so any more.
      if (random() < 0.5) {
        if (dying.item.done) state.twice += 1
        else state.done += 1
        dying.item.done = true
      }
      state.hidden.push({ item: dying.item, until: now() + redeliveredAfterMs })
    },
  }
}
