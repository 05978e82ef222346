import { afterEach, describe, expect, it } from 'vitest'
import { type MoveState, newMove } from '../journal/move-state.ts'
import type { Goal, IntentId, Lane } from '../moves/goal.ts'
import type { Attempt } from '../protocols/drive.ts'
import type { Clock } from './clock.ts'
import { createRunner, type Runner, type Work } from './runner.ts'

/** Time stands still; who waits for it is let go on by name. */
const stillClock = () => {
  const sleepers: { readonly until: number; readonly wake: () => void }[] = []
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: (until, signal) =>
      new Promise((resolve) => {
        sleepers.push({ until, wake: resolve })
        signal.addEventListener('abort', () => resolve(), { once: true })
      }),
    rest: () => ({ over: Promise.resolve(), end: () => undefined }),
    after: () => () => undefined,
  }
  return { clock, wakeAll: () => sleepers.splice(0).forEach(({ wake }) => wake()) }
}

const moveWith = (service: string, lane: Lane, goal: Goal): MoveState => ({
  ...newMove(service),
  lanes: {
    [lane]: {
      goal,
      intent: `${service}/${lane}`,
      because: '',
      intendedAt: 0,
      actUntil: 1_000_000,
      version: 1,
      outcome: null,
      outcomeAt: null,
    },
  },
})
const provision = (service: string): MoveState => moveWith(service, 'workload', { kind: 'provision' })
const workload = (service: string): MoveState =>
  moveWith(service, 'workload', { kind: 'workload', blue: 1, green: 1, exclusive: false })
const weights = (service: string): MoveState => moveWith(service, 'weights', { kind: 'weights', green: 5 })

const done: Attempt<unknown> = { kind: 'done', result: null }
const waiting = (until: number): Attempt<unknown> => ({ kind: 'waiting', until, because: 'pods start', memo: null })

describe('the slots of the runner', () => {
  let runner: Runner | null = null
  afterEach(async () => {
    await runner?.close()
    runner = null
  })

  /** One slot. Each attempt stays open until it is answered; `settled` gives what runs beside its turn. */
  const open = () => {
    const still = stillClock()
    const began: IntentId[] = []
    const answers = new Map<IntentId, (attempt: Attempt<unknown>) => void>()
    const carryOut = ({ intent }: Work, _memo: unknown, signal: AbortSignal): Promise<Attempt<unknown>> => {
      began.push(intent)
      return new Promise((resolve) => {
        answers.set(intent, resolve)
        signal.addEventListener('abort', () => resolve({ kind: 'aborted' }), { once: true })
      })
    }
    runner = createRunner({
      ...{ carryOut, clock: still.clock, release: 'shop', epoch: 1, slots: 1 },
      ...{ cameOut: () => undefined, mayAct: () => 'yes', log: () => undefined },
    })
    const settled = () => new Promise((resolve) => setImmediate(resolve))
    const answer = async (intent: IntentId, attempt: Attempt<unknown>) => {
      answers.get(intent)?.(attempt)
      await settled()
    }
    return { runner, began, answer, settled, wakeAll: still.wakeAll }
  }

  it('are not needed for weights, nor for what goes back', async () => {
    const { runner: own, began, settled } = open()
    own.sync(provision('a'))
    own.sync(weights('b'))
    own.sync({ ...workload('c'), order: 'back' })
    own.sync(workload('d'))
    await settled()
    expect(began).toEqual(['a/workload', 'b/weights', 'c/workload'])
    expect(own.underWay().find(({ service }) => service === 'd')?.because).toBe('waits for a free slot')
  })

  it('go to what has begun before anything new begins', async () => {
    const { runner: own, began, answer } = open()
    for (const name of ['a', 'b', 'c']) own.sync(provision(name))
    own.sync(workload('d'))
    await answer('a/workload', done)
    await answer('d/workload', done)
    expect(began).toEqual(['a/workload', 'd/workload', 'b/workload'])
  })

  it('are free for others while one waits', async () => {
    const { runner: own, began, answer, settled, wakeAll } = open()
    own.sync(workload('a'))
    own.sync(workload('b'))
    await answer('a/workload', waiting(1))
    expect(began).toEqual(['a/workload', 'b/workload'])
    wakeAll()
    await settled()
    expect(began, 'the slot is taken').toEqual(['a/workload', 'b/workload'])
    await answer('b/workload', done)
    expect(began).toEqual(['a/workload', 'b/workload', 'a/workload'])
    await answer('a/workload', done)
    expect(own.underWay()).toEqual([])
  })

  it('stay as many as they are when one is stopped that waits for one', async () => {
    const { runner: own, began, answer, settled, wakeAll } = open()
    own.sync(workload('a'))
    own.sync(workload('b'))
    await answer('a/workload', waiting(1))
    wakeAll()
    await settled()
    own.sync({ ...newMove('a') })
    await settled()
    for (const name of ['c', 'd']) own.sync(workload(name))
    await settled()
    expect(began).toEqual(['a/workload', 'b/workload'])
    await answer('b/workload', done)
    expect(began).toEqual(['a/workload', 'b/workload', 'c/workload'])
  })
})
