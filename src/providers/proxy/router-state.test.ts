import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  claimFor,
  claimSeen,
  clearStop,
  emptyRouterState,
  freeFrom,
  type RouterState,
  setWeight,
  setWeightByOperator,
  stopAt,
  weightOf,
} from './router-state.ts'
import { openStateFile } from './state-file.ts'

const call = (epoch: number, version: number, green: number, more: { revision?: string; release?: string } = {}) => ({
  fence: { release: more.release ?? 'shop', epoch, move: 'storefront', version },
  intent: `storefront/weights/${version}`,
  green,
  baseline: { green: 0 },
  ...(more.revision === undefined ? {} : { revision: more.revision }),
})
const set = (state: RouterState, ...of: Parameters<typeof call>) => setWeight(state, 'storefront', call(...of))
const claimed = claimFor(emptyRouterState, 'shop', 3).state
const mark = { at: 1_700_000_000_000, by: 'ann', because: 'checkout is down' }

describe('fences', () => {
  test('an older epoch or version is refused, and changes nothing', () => {
    const { state } = set(claimed, 3, 7, 25)
    for (const older of [set(state, 2, 9, 50), set(state, 3, 6, 50)]) {
      expect(older.answer.kind).toBe('refused')
      expect(older.state).toBe(state)
    }
    expect(set(state, 4, 1, 50).answer.kind).toBe('ok')
  })

  test('a newer epoch that acted once refuses the engine before it, also for other services', () => {
    const { state } = set(claimed, 5, 1, 25)
    expect(claimSeen(state, 0).epoch).toBe(5)
    expect(setWeight(state, 'checkout', call(4, 99, 1)).answer.kind).toBe('refused')
  })

  test('the same call again is ok without another write, also when it named the revision before', () => {
    const first = set(claimed, 3, 7, 25, { revision: '0' })
    const again = set(first.state, 3, 7, 25, { revision: '0' })
    expect(again).toEqual({ answer: first.answer, state: first.state })
    expect(again.state).toBe(first.state)
  })

  test('an old revision is a conflict', () => {
    const { state } = set(claimed, 3, 7, 25)
    expect(set(state, 3, 8, 50, { revision: '0' }).answer.kind).toBe('conflict')
    expect(set(state, 3, 8, 50, { revision: '1' }).answer).toEqual({ kind: 'ok', value: { revision: '2' } })
  })

  test('the first baseline stays', () => {
    const { state } = set(claimed, 3, 7, 25)
    const next = setWeight(state, 'storefront', { ...call(3, 8, 50), baseline: { green: 25 } }).state
    expect(weightOf(next, 'storefront').stamp).toMatchObject({ intent: 'storefront/weights/8', baseline: { green: 0 } })
  })
})

test('a change by hand leaves the last stamp and another revision, and the repeated call sets it right', () => {
  const { state } = set(claimed, 3, 7, 25)
  const byHand = setWeightByOperator(state, 'storefront', { green: 5 }).state
  expect(weightOf(byHand, 'storefront')).toEqual({ ...weightOf(state, 'storefront'), green: 5, revision: 2 })
  expect(weightOf(set(byHand, 3, 7, 25).state, 'storefront').green).toBe(25)
})

describe('claims', () => {
  test('a claimed router is refused to every other release', () => {
    expect(claimFor(claimed, 'other', 9).answer.kind).toBe('refused')
    expect(freeFrom(claimed, 'other', 9).answer.kind).toBe('refused')
    expect(set(claimed, 9, 1, 25, { release: 'other' }).answer.kind).toBe('refused')
  })

  test('the epoch only rises', () => {
    expect(claimFor(claimed, 'shop', 2).answer.kind).toBe('refused')
    expect(claimFor(claimed, 'shop', 3).state).toBe(claimed)
    expect(claimFor(claimed, 'shop', 4).state.epoch).toBe(4)
  })

  test('a freed router takes another release, keeps its weights without stamps, and no late call of the first', () => {
    const freed = freeFrom(set(claimed, 3, 7, 25).state, 'shop', 3).state
    expect(weightOf(freed, 'storefront')).toEqual({ green: 25, revision: 2, stamp: null })
    expect(set(freed, 3, 8, 50).answer.kind).toBe('refused')
    expect(claimFor(freed, 'other', 3).answer.kind).toBe('ok')
  })
})

describe('a stop', () => {
  test('with a new epoch stops all before it, and who made it goes on, also when it is made twice', () => {
    const once = stopAt(claimed, mark, 4).state
    const stopped = stopAt(once, { ...mark }, 4).state
    expect(stopped).toBe(once)
    expect(claimSeen(stopped, 5)).toEqual({ release: 'shop', epoch: 4, stop: mark, now: 5 })
    expect(set(stopped, 3, 9, 0).answer.kind).toBe('refused')
    expect(set(stopped, 4, 1, 0).answer.kind).toBe('ok')
  })

  test('with an epoch that was seen stops that one too, until it is cleared', () => {
    const stopped = stopAt(claimed, mark, 2).state
    expect(claimSeen(stopped, 5)).toEqual({ release: 'shop', epoch: 3, stop: mark, now: 5 })
    expect(set(stopped, 3, 9, 0).answer).toMatchObject({ kind: 'refused', because: expect.stringContaining('ann') })
    expect(set(stopped, 4, 1, 0).answer.kind).toBe('ok')
    expect(set(clearStop(stopped).state, 3, 9, 0).answer.kind).toBe('ok')
  })
})

describe('the state file', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'router-state-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  test('what was answered is there when it is opened again', async () => {
    const file = openStateFile(directory)
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => await file.change((state) => set(state, 1, n + 1, n))),
    )
    expect(answers.every(({ kind }) => kind === 'ok')).toBe(true)
    expect(weightOf(file.current(), 'storefront')).toMatchObject({ green: 19, revision: 20 })
    expect(openStateFile(directory).current()).toEqual(file.current())
  })

  test('a write that fails changes nothing and is unknown', async () => {
    const file = openStateFile(directory)
    rmSync(directory, { recursive: true })
    const answer = await file.change((state) => set(state, 1, 1, 10))
    expect(answer.kind).toBe('unknown')
    expect(file.current()).toBe(emptyRouterState)
    openStateFile(directory)
  })

  test('a state that is cut off is never taken for an empty one', () => {
    openStateFile(directory)
    writeFileSync(join(directory, 'state.json'), '{"format":1,"weigh')
    expect(() => openStateFile(directory)).toThrow(/can't be understood/)
  })
})
