import type { LaneState, MoveState } from '../journal/move-state.ts'
import type { Fence, IntentId, Outcome } from '../moves/goal.ts'
import type { Attempt } from '../protocols/drive.ts'
import type { Clock } from './clock.ts'

/** One intent on its way: what is to be done, by whom, and until when it may begin acts. */
export type Work = {
  readonly service: string
  readonly intent: IntentId
  readonly lane: LaneState
  readonly fence: Fence
  /** Going back: carried out before everything else. */
  readonly urgent: boolean
}

/** One attempt at an intent. `memo` is what an earlier attempt that had to wait gave; it may be lost. */
export type CarryOutWork = (work: Work, memo: unknown, signal: AbortSignal) => Promise<Attempt<unknown>>

export type RunnerOptions = {
  readonly carryOut: CarryOutWork
  readonly clock: Clock
  readonly release: string
  readonly epoch: number
  /**
   * How many intents may be under way at once. What goes back does not count, and weights do not: they are one write, and
   * users are in the middle of a step. One that waits, for pods or before it tries again, gives its slot to others.
   */
  readonly slots: number
  readonly cameOut: (service: string, intent: IntentId, outcome: Outcome) => void
  /** `later`: the journal takes nothing now. `stopped`: break-glass was used, and what was under way is over. */
  readonly mayAct: () => 'yes' | 'later' | 'stopped'
  readonly log: (what: string, details: Readonly<Record<string, unknown>>) => void
}

/**
 * Carries out the intents that have no outcome, beside the turns, those going back first, and what has begun before what
 * has not: a thousand copies that are still to be made must not hold up the moves that have theirs. A turn only tells it what
 * the moves look like now; it never waits for it. Whatever a call does, there is one outcome per intent, or none yet.
 */
export type Runner = {
  /** What is to be done for this move now; newer intents abort older ones of their lane. */
  sync(state: MoveState): void
  /** What is being done now and what waits for a slot, for people. */
  underWay(): readonly { readonly service: string; readonly intent: IntentId; readonly because: string }[]
  close(): Promise<void>
}

const firstRetryMs = 250
const longestRetryMs = 10_000

type UnderWay = { readonly work: Work; readonly stop: AbortController; running: Promise<void>; because: string }
type Queued = { readonly work: Work; readonly begin: () => void }

const needsSlot = ({ urgent, lane }: Work): boolean => !urgent && lane.goal.kind !== 'weights'
/** The first thing that is ever done for a move. */
const isFirst = ({ lane }: Work): boolean => lane.goal.kind === 'provision'

export const createRunner = (options: RunnerOptions): Runner => {
  const { clock } = options
  const underWay = new Map<string, Map<IntentId, UnderWay>>()
  /** In order of arrival, beside what waits of each service. */
  const queues = { begun: new Map<IntentId, Queued>(), first: new Map<IntentId, Queued>() }
  let busy = 0

  const of = (service: string): Map<IntentId, UnderWay> => {
    const own = underWay.get(service) ?? new Map<IntentId, UnderWay>()
    underWay.set(service, own)
    return own
  }
  const queueOf = (work: Work) => (isFirst(work) ? queues.first : queues.begun)
  const queued = (): readonly Queued[] => [...queues.begun.values(), ...queues.first.values()]

  const start = (work: Work): void => {
    if (needsSlot(work)) busy += 1
    const entry: UnderWay = { work, stop: new AbortController(), running: Promise.resolve(), because: 'under way' }
    of(work.service).set(work.intent, entry)
    options.log('intent begun', { intent: work.intent, goal: work.lane.goal })
    entry.running = carry(entry).finally(() => {
      of(work.service).delete(work.intent)
      giveSlot(work)
    })
  }
  const giveSlot = (work: Work): void => {
    if (!needsSlot(work)) return
    busy -= 1
    startQueued()
  }
  const startQueued = (): void => {
    while (busy < options.slots) {
      const [next] = queues.begun.size > 0 ? queues.begun.values() : queues.first.values()
      if (next === undefined) return
      queueOf(next.work).delete(next.work.intent)
      next.begin()
    }
  }
  /** Comes back with a slot, also when it was stopped meanwhile: then one more is taken for the moment until it ends. */
  const takeSlot = async (work: Work, signal: AbortSignal): Promise<void> => {
    if (!needsSlot(work)) return
    if (signal.aborted || busy < options.slots) {
      busy += 1
      return
    }
    await new Promise<void>((resolve) => {
      const begin = (): void => {
        signal.removeEventListener('abort', stopped)
        busy += 1
        resolve()
      }
      const stopped = (): void => {
        queueOf(work).delete(work.intent)
        busy += 1
        resolve()
      }
      signal.addEventListener('abort', stopped, { once: true })
      queueOf(work).set(work.intent, { work, begin })
    })
  }
  /** Nothing is done for it until then. */
  const rest = async ({ work, stop: { signal } }: UnderWay, until: number): Promise<void> => {
    giveSlot(work)
    await clock.sleep(until, signal)
    await takeSlot(work, signal)
  }

  const carry = async (entry: UnderWay): Promise<void> => {
    const { work, stop } = entry
    const { signal } = stop
    let retryMs = firstRetryMs
    let memo: unknown = null
    while (!signal.aborted) {
      const may = options.mayAct()
      if (may === 'stopped') {
        options.cameOut(work.service, work.intent, {
          kind: 'unknown',
          because: 'break-glass was used while it was under way',
        })
        return
      }
      const attempt =
        may === 'yes'
          ? await tryOnce(work, memo, signal)
          : waitUntil(clock.now() + retryMs, 'the journal takes nothing now')
      if (signal.aborted || attempt.kind === 'aborted') return
      if (attempt.kind === 'waiting') {
        entry.because = attempt.because
        memo = attempt.memo
        await rest(entry, attempt.until)
        continue
      }
      if (attempt.kind === 'unknown' && clock.now() + retryMs < work.lane.actUntil) {
        entry.because = `tried again: ${attempt.because}`
        await rest(entry, clock.now() + retryMs)
        retryMs = Math.min(longestRetryMs, retryMs * 2)
        continue
      }
      options.cameOut(work.service, work.intent, attempt)
      return
    }
  }

  const tryOnce = async (work: Work, memo: unknown, signal: AbortSignal): Promise<Attempt<unknown>> => {
    try {
      return await options.carryOut(work, memo, signal)
    } catch (error) {
      options.log('intent threw', { intent: work.intent, error: String(error) })
      return { kind: 'unknown', because: error instanceof Error ? error.message : String(error) }
    }
  }

  /** What of it has not begun. */
  const queuedOf = (service: string): readonly IntentId[] =>
    queued().flatMap(({ work }) => (work.service === service && !of(service).has(work.intent) ? [work.intent] : []))

  const drop = (service: string, intent: IntentId): void => {
    of(service).get(intent)?.stop.abort('superseded')
    for (const queue of [queues.begun, queues.first]) queue.delete(intent)
  }

  return {
    sync: (state) => {
      const wanted = Object.values(state.lanes).filter((lane) => lane.outcome === null)
      const running = of(state.service)
      const waiting = queues.begun.size + queues.first.size === 0 ? [] : queuedOf(state.service)
      for (const intent of [...running.keys(), ...waiting])
        if (!wanted.some((lane) => lane.intent === intent)) drop(state.service, intent)
      for (const lane of wanted) {
        if (running.has(lane.intent) || waiting.includes(lane.intent)) continue
        const fence = { release: options.release, epoch: options.epoch, move: state.service, version: lane.version }
        const urgent = state.order === 'back' || state.askedBack !== null
        const work = { service: state.service, intent: lane.intent, lane, fence, urgent }
        if (!needsSlot(work) || busy < options.slots) start(work)
        else queueOf(work).set(lane.intent, { work, begin: () => start(work) })
      }
    },
    underWay: () => [
      ...[...underWay.values()]
        .flatMap((own) => [...own.values()])
        .map(({ work, because }) => ({ service: work.service, intent: work.intent, because })),
      ...queued().flatMap(({ work: { service, intent } }) =>
        of(service).has(intent) ? [] : [{ service, intent, because: 'waits for a free slot' }],
      ),
    ],
    close: async () => {
      // What has begun, and only waits for its slot, is stopped with what is under way.
      for (const each of [queues.begun, queues.first]) each.clear()
      const running = [...underWay.values()].flatMap((own) => [...own.values()])
      for (const { stop } of running) stop.abort('the engine ends')
      await Promise.allSettled(running.map((entry) => entry.running))
    },
  }
}

const waitUntil = (until: number, because: string): Attempt<unknown> => ({
  kind: 'waiting',
  until,
  because,
  memo: null,
})
