import { describe, expect, it } from 'vitest'
import { type Answered, type Drive, drive } from './drive.ts'
import type { Protocol } from './protocol.ts'

type World = { readonly level: number }
/** Raises a level by one until it is where it should be. */
const raise: Protocol<World, number, 'up', null> = (world, goal, memo) =>
  world.level >= goal ? { kind: 'done', result: world.level } : { kind: 'act', action: 'up', memo }

const setting = (
  answers: readonly (Answered | 'acts silently')[],
  changed: Partial<Drive<World, number, 'up', null>> = {},
) => {
  let level = 0
  let now = 0
  const slept: number[] = []
  const queue = [...answers]
  const options: Drive<World, number, 'up', null> = {
    protocol: raise,
    goal: 1,
    memo: null,
    read: async () => ({ level }),
    act: async () => {
      const answer = queue.shift() ?? { kind: 'ok', value: null }
      if (answer === 'acts silently') {
        level += 1
        return { kind: 'unknown', because: 'no answer' }
      }
      if (answer.kind === 'ok') level += 1
      return answer
    },
    now: () => now,
    sleep: async (until) => {
      slept.push(until - now)
      now = until
    },
    signal: new AbortController().signal,
    actUntil: 1_000_000,
    patienceMs: 1_000,
    ...changed,
  }
  return { run: () => drive(options), slept, level: () => level }
}

const unknown = { kind: 'unknown', because: 'no answer' } as const
const conflict = { kind: 'conflict', because: 'somebody wrote' } as const

describe('driving a protocol', () => {
  it('reads again after an unknown before it acts again', async () => {
    const { run, level } = setting(['acts silently'])
    expect(await run()).toEqual({ kind: 'done', result: 1 })
    expect(level()).toBe(1)
  })

  it('tries again at once after a first conflict, then with growing pauses', async () => {
    const { run, slept } = setting([conflict, conflict, conflict, unknown])
    expect(await run()).toEqual({ kind: 'done', result: 1 })
    expect(slept).toEqual([20, 40, 80])
  })

  it('gives up after a bounded number of tries and says what went wrong', async () => {
    const { run } = setting(Array.from({ length: 100 }, () => unknown))
    expect(await run()).toMatchObject({ kind: 'unknown', because: expect.stringContaining('no answer') })
  })

  it('gives up when acts are answered ok and nothing changes', async () => {
    const { run } = setting([], { act: async () => ({ kind: 'ok', value: null }) })
    expect(await run()).toMatchObject({ kind: 'unknown', because: expect.stringContaining('does not show') })
  })

  it('ends refused on a refusal, unless something can be done about it', async () => {
    const refused = { kind: 'refused', because: 'not permitted' } as const
    expect(await setting([refused]).run()).toEqual(refused)
    expect(await setting([refused], { afterRefusal: () => null }).run()).toEqual(refused)
  })

  it('does not act at or after actUntil', async () => {
    const { run, level } = setting([], { actUntil: 0 })
    expect(await run()).toMatchObject({ kind: 'unknown' })
    expect(level()).toBe(0)
  })

  it('sits short waits out, and ends the attempt on long ones', async () => {
    const waiting =
      (until: number): Protocol<World, number, 'up', null> =>
      (_world, _goal, memo, now) =>
        now >= until ? { kind: 'done', result: now } : { kind: 'wait', until, because: 'a run goes on', memo }
    expect(await setting([], { protocol: waiting(900) }).run()).toEqual({ kind: 'done', result: 900 })
    expect(await setting([], { protocol: waiting(1_001) }).run()).toMatchObject({ kind: 'waiting', until: 1_001 })
  })

  it('stops before the next act when it is aborted', async () => {
    const stop = new AbortController()
    const { run, level } = setting([], {
      signal: stop.signal,
      read: async () => {
        stop.abort()
        return { level: 0 }
      },
    })
    expect(await run()).toEqual({ kind: 'aborted' })
    expect(level()).toBe(0)
  })
})
