import { afterEach, describe, expect, it } from 'vitest'
import type { Side } from '../moves/goal.ts'
import { createFactBoard } from './fact-board.ts'
import { observe } from './observer.ts'
import type { Answer, Schedules, WorkloadSeen, Workloads } from './ports.ts'
import { createHandClock } from './testing/hand-clock.ts'

const second = 1_000

const ok = <T>(value: T): Promise<Answer<T>> => Promise.resolve({ kind: 'ok', value })

describe('the observer', () => {
  let stop = new AbortController()
  afterEach(() => stop.abort())

  const open = (tellsAll: boolean) => {
    stop = new AbortController()
    const { clock, pass } = createHandClock(1_000_000)
    const looks = { whole: 0, one: 0 }
    const seen: WorkloadSeen = {
      ...{ service: 'web', version: '1', desired: 1, ready: 1, running: 1, restarts: 0, problem: null },
      ...{ youngestReadyAt: null, revision: '1', stamp: null },
    }
    const hints: ((service: string | null) => void)[] = []
    const workloadsOf = (side: Side): Workloads =>
      // What the observer asks of workloads, and no more.
      ({
        ...{ side, ...(tellsAll ? { tellsAll } : {}) },
        watch: (changed: (service: string | null) => void) => void hints.push(changed),
        list: () => {
          looks.whole += side === 'green' ? 1 : 0
          return ok([seen])
        },
        read: () => {
          looks.one += side === 'green' ? 1 : 0
          return ok(seen)
        },
      }) as unknown as Workloads
    const sideOf = (side: Side) => ({ workloads: workloadsOf(side), schedules: { side } as unknown as Schedules })
    let position = 1
    const board = createFactBoard(() => false)
    const observing = observe(
      {
        ...{ sides: { blue: sideOf('blue'), green: sideOf('green') }, traffic: null, clock, board },
        ...{ services: new Set(['web']), watchedJobs: () => [], position: () => position, nudge: () => undefined },
        ...{ unreachable: () => undefined, reached: () => undefined, pollMs: second },
      },
      stop.signal,
    )
    const journaled = (): void => {
      position += 1
    }
    const readAfter = () => board.factsOf('web').workload.green?.after
    return { ...observing, pass, looks, journaled, readAfter, hint: () => hints.forEach((each) => each('web')) }
  }

  it('reads an environment now and then that may keep a change to itself', async () => {
    const { pass, looks } = open(false)
    await pass(10.5 * second)
    expect(looks.whole).toBeGreaterThanOrEqual(10)
  })

  it('reads one that tells of every change when it does', async () => {
    const { pass, looks, hint } = open(true)
    await pass(60 * second)
    expect(looks).toEqual({ whole: 1, one: 0 })
    hint()
    await pass(second)
    expect(looks).toEqual({ whole: 1, one: 1 })
  })

  it('reads a service to which something was done, as what it read before that can not count', async () => {
    const { pass, look, journaled, readAfter } = open(true)
    await pass(second)
    expect(readAfter()).toBe(1)
    journaled()
    look('web')
    await pass(second)
    expect(readAfter()).toBe(2)
  })
})
