import type { Millis, Side } from '../moves/goal.ts'
import { drawBinomial, drawPoisson } from './draw.ts'
import { noQueueCounts, type QueueCounts, queueSeries } from './queue-counts.ts'
import type { Random } from './simulated-clock.ts'
import type { QueueOf, SimulatedQueues } from './simulated-queue.ts'

type State = {
  readonly of: QueueOf
  readonly failRatio: Record<Side, number>
  failingSince: Millis | null
  upTo: Millis
  added: number
  waiting: number
  readonly counts: Record<Side, QueueCounts>
}

/**
 * Queues as `createSimulatedQueues` has them, by counts instead of items: so many come, so many of them are done, in
 * proportion to the ready copies of each side. A day of a thousand items a second costs no more than a quiet one; what
 * becomes of a single item (given out again, done twice) is not followed.
 */
export const createSimulatedFlow = (options: {
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
        ...{ of, failRatio: { ...of.failRatio }, failingSince: null, upTo: now(), added: 0, waiting: 0 },
        counts: noQueueCounts(),
      },
    ]),
  )
  const of = (service: string): State => {
    const state = states.get(service)
    if (state === undefined) throw new Error(`${service} takes from no queue`)
    return state
  }
  const work = (state: State, side: Side, items: number): void => {
    const counts = state.counts[side]
    const failed = drawBinomial(random, items, state.failRatio[side])
    counts.requests += items
    counts.errors += failed
    counts.done += items - failed
    // What failed waits again.
    state.waiting += failed
  }
  const passTime = (service: string): void => {
    const state = states.get(service)
    if (state === undefined) return
    const seconds = (now() - state.upTo) / 1_000
    if (seconds <= 0) return
    state.upTo = now()
    const came = drawPoisson(random, state.of.itemsPerSecond * seconds)
    state.added += came
    const ready = { blue: options.ready(service, 'blue'), green: options.ready(service, 'green') }
    const copies = ready.blue + ready.green
    const most = Math.floor((copies * seconds * 1_000) / state.of.itemMs)
    const taken = Math.min(state.waiting + came, most)
    state.waiting += came - taken
    if (taken <= 0) return
    const green = drawBinomial(random, taken, ready.green / copies)
    work(state, 'green', green)
    work(state, 'blue', taken - green)
  }
  return {
    passTime,
    series: (service) => {
      passTime(service)
      return queueSeries(service, of(service).counts)
    },
    depth: (service) => {
      passTime(service)
      return of(service).waiting
    },
    truth: (service) => {
      passTime(service)
      const { added, waiting, counts } = of(service)
      return { added, waiting, done: counts.blue.done + counts.green.done, underWay: 0, twice: 0, lost: 0 }
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
    // Whatever a dead worker had in its hands is given out again: among so many it does not count.
    crash: passTime,
  }
}
