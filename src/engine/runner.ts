import type { LaneState, MoveState } from '../journal/move-state.ts'
import type { Fence, IntentId, Millis, Outcome } from '../moves/goal.ts'
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

export type CarryOut = (
  work: Work,
  signal: AbortSignal,
) => Promise<Outcome | { readonly kind: 'waiting'; readonly until: Millis; readonly because: string }>

export type RunnerOptions = {
  readonly carryOut: CarryOut
  readonly clock: Clock
  readonly release: string
  readonly epoch: number
  /** How many intents may be under way at once; urgent ones do not count against it. */
  readonly slots: number
  readonly cameOut: (service: string, intent: IntentId, outcome: Outcome) => void
  readonly mayAct: () => boolean
  readonly log: (what: string, details: Readonly<Record<string, unknown>>) => void
}

/**
 * Carries out the intents that have no outcome, beside the turns, those going back first. A turn only tells it what
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

export const createRunner = (options: RunnerOptions): Runner => {
  const lanes = new Map<string, { work: Work; stop: AbortController; running: Promise<void>; because: string }>()
  const queue: Work[] = []
  let busy = 0

  const start = (work: Work): void => {
    const key = `${work.service}/${work.lane.goal.kind === 'provision' ? 'workload' : work.lane.goal.kind}`
    const stop = new AbortController()
    if (!work.urgent) busy += 1
    const entry = { work, stop, running: Promise.resolve(), because: 'under way' }
    lanes.set(work.intent, entry)
    entry.running = carry(work, stop.signal, (because) => {
      entry.because = because
    }).finally(() => {
      lanes.delete(work.intent)
      if (!work.urgent) busy -= 1
      startQueued()
    })
    options.log('intent begun', { lane: key, intent: work.intent })
  }

  const startQueued = (): void => {
    while (busy < options.slots) {
      const next = queue.shift()
      if (next === undefined) return
      start(next)
    }
  }

  const carry = async (work: Work, signal: AbortSignal, tell: (because: string) => void): Promise<void> => {
    let retryMs = firstRetryMs
    while (!signal.aborted) {
      const outcome = options.mayAct()
        ? await attempt(work, signal)
        : { kind: 'waiting' as const, until: options.clock.now() + retryMs, because: 'acting is stopped' }
      if (signal.aborted) return
      if (outcome.kind === 'waiting') {
        tell(outcome.because)
        await options.clock.sleepUntil(outcome.until, signal)
        continue
      }
      if (outcome.kind === 'unknown' && options.clock.now() + retryMs < work.lane.actUntil) {
        tell(`tried again: ${outcome.because}`)
        await options.clock.sleepUntil(options.clock.now() + retryMs, signal)
        retryMs = Math.min(longestRetryMs, retryMs * 2)
        continue
      }
      options.cameOut(work.service, work.intent, outcome)
      return
    }
  }

  const attempt = async (work: Work, signal: AbortSignal): ReturnType<CarryOut> => {
    try {
      return await options.carryOut(work, signal)
    } catch (error) {
      options.log('intent threw', { intent: work.intent, error: String(error) })
      return { kind: 'unknown', because: error instanceof Error ? error.message : String(error) }
    }
  }

  const drop = (intent: IntentId): void => {
    lanes.get(intent)?.stop.abort()
    const queued = queue.findIndex((work) => work.intent === intent)
    if (queued >= 0) queue.splice(queued, 1)
  }

  return {
    sync: (state) => {
      const wanted = Object.values(state.lanes).filter((lane) => lane.outcome === null)
      const known = [...lanes.keys(), ...queue.map((work) => work.intent)].filter((intent) =>
        intent.startsWith(`${state.service}/`),
      )
      for (const intent of known) if (!wanted.some((lane) => lane.intent === intent)) drop(intent)
      for (const lane of wanted) {
        if (known.includes(lane.intent)) continue
        const fence = { release: options.release, epoch: options.epoch, move: state.service, version: lane.version }
        const urgent = state.order === 'back' || state.askedBack !== null
        const work = { service: state.service, intent: lane.intent, lane, fence, urgent }
        if (urgent || busy < options.slots) start(work)
        else queue.push(work)
      }
    },
    underWay: () => [
      ...[...lanes.values()].map(({ work, because }) => ({ service: work.service, intent: work.intent, because })),
      ...queue.map((work) => ({ service: work.service, intent: work.intent, because: 'waits for a free slot' })),
    ],
    close: async () => {
      queue.length = 0
      const running = [...lanes.values()]
      for (const { stop } of running) stop.abort()
      await Promise.allSettled(running.map((entry) => entry.running))
    },
  }
}
