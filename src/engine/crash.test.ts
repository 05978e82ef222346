import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createInstantWorld, lockstep, manyExposed } from '../../bench/in-memory/instant-world.ts'
import { createVirtualClock } from '../../bench/in-memory/virtual-clock.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { type EngineEnd, type EngineOptions, runEngine } from './engine.ts'
import type { Claims } from './ports.ts'
import { readJournal, takeOver } from './take-over.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const pace = { ...lockstep, weights: [50, 100], dwell: { minMs: 1_000, maxMs: 1_000 }, soakMs: 1_000, bakeMs: 1_000 }

const openWorld = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-crash-'))
  folders.push(folder)
  const store = await openStore({ file: join(folder, 'journal.db'), release: 'crash' })
  const clock = createVirtualClock(1_000_000)
  const estate = { ...pace, services: 2 }
  const plan = manyExposed(estate)
  const instant = createInstantWorld(plan, estate, clock)
  const options = (used: Store, name: string): EngineOptions => ({
    store: used,
    world: instant.world,
    plan,
    titrate: 'test',
    engine: name,
    clock,
    notify: { send: () => undefined, close: () => Promise.resolve() },
    check: () => Promise.resolve({ blocking: [], notes: [], findings: null }),
    carryOut: instant.carryOut,
    calendars: () => ({}),
    conditions: () => ({}),
    log: () => undefined,
    pollMs: 500,
    slots: 4,
    exitAtGate: false,
  })
  return { store, clock, plan, instant, options }
}

/** The store of an engine that dies at its n-th append: before it is written, or right after. */
const dyingAt = (store: Store, nth: number, when: 'before' | 'after'): Store => {
  let count = 0
  return {
    ...store,
    append: async (request) => {
      count += 1
      if (count === nth && when === 'before') throw new Error('died')
      const answer = await store.append(request)
      if (count === nth) throw new Error('died')
      return answer
    },
  }
}

type Opened = Awaited<ReturnType<typeof openWorld>>

/** Runs an engine while virtual time passes. */
const live = async (opened: Opened, store: Store, name: string): Promise<EngineEnd | 'died'> => {
  const stop = new AbortController()
  const time = opened.clock.run(stop.signal)
  try {
    return await runEngine(opened.options(store, name), AbortSignal.timeout(15_000))
  } catch (error) {
    if (error instanceof Error && error.message === 'died') return 'died'
    throw error
  } finally {
    stop.abort()
    await time
  }
}

describe('an engine that dies', () => {
  it.each(['before', 'after'] as const)(
    '%s any of its appends is followed by one that comes to the same end',
    async (when) => {
      for (let nth = 1; ; nth += 3) {
        const opened = await openWorld()
        const first = await live(opened, dyingAt(opened.store, nth, when), 'first')
        const end = first === 'died' ? await live(opened, opened.store, 'second') : first
        const journal = await readJournal(opened.store)
        expect(end, `died ${when} append ${nth}`).toMatchObject({
          kind: 'ended',
          release: { ended: { outcome: 'done' } },
        })
        expect(opened.instant.atFull(), `died ${when} append ${nth}`).toBe(2)
        for (const move of journal.moves.values()) expect(move.settled).toMatchObject({ on: 'green' })
        await opened.store.close()
        if (first !== 'died') break
      }
    },
    120_000,
  )
})

describe('taking over', () => {
  it('counts as unwatched what the engine before slept through, although that died before it could say so', async () => {
    const opened = await openWorld()
    const { clock, store } = opened
    let slept = 0
    const sleepy = { ...clock, now: () => clock.now() + slept, monotonic: () => clock.monotonic() + slept }
    const dying: Store = {
      ...store,
      append: async (request) => {
        if (JSON.stringify(request).includes('not watched')) throw new Error('died')
        return store.append(request)
      },
    }
    let turns = 0
    let fellAsleep = 0
    const first = { ...opened, clock: { ...clock, ...sleepy } }
    first.options = (used, name) => ({
      ...opened.options(used, name),
      clock: first.clock,
      turned: () => {
        turns += 1
        if (turns !== 10) return
        fellAsleep = sleepy.now()
        slept = 60_000
      },
    })
    expect(await live(first, dying, 'first')).toBe('died')
    const woke = sleepy.now()
    const { release } = await readJournal(store)
    expect(release.gaps).toEqual([])
    slept += 500
    const taken = await takeOver({
      ...{ store, clock: sleepy, claims: [], plan: null, titrate: 'test', engine: 'second' },
      lastWatchedAt: (await store.facts()).find(({ subject }) => subject === 'engine/alive')?.at ?? null,
    })
    const [gap] = taken.journal.release.gaps
    expect(gap?.from).toBeLessThanOrEqual(fellAsleep)
    expect(gap?.until).toBeGreaterThan(woke)
    await store.close()
  })

  it('ends the engine that was there before, although that one has nothing to append', async () => {
    const opened = await openWorld()
    const { store, clock, plan } = opened
    let turns = 0
    const stop = new AbortController()
    const time = clock.run(stop.signal)
    const quiet = { ...plan, policy: { ...plan.policy, approvals: { beforeUserTraffic: true, beforeRelease: false } } }
    const options = { ...opened.options(store, 'first'), plan: quiet, turned: () => void (turns += 1) }
    const first = runEngine(options, AbortSignal.timeout(15_000))
    while (turns < 20) await new Promise((resolve) => setImmediate(resolve))
    const before = (await store.head()).position
    const taken = await takeOver({
      store,
      clock,
      claims: [],
      plan: null,
      titrate: 'test',
      engine: 'second',
      lastWatchedAt: null,
    })
    expect(await first).toMatchObject({ kind: 'fenced', epoch: taken.epoch })
    expect((await store.head()).position).toBe(before + 1)
    stop.abort()
    await time
    await store.close()
  })

  it('reads what people asked between its reading and its writing', async () => {
    const { store, clock, plan } = await openWorld()
    const asked: Store = {
      ...store,
      claimEpoch: async (atLeast) => {
        const epoch = await store.claimEpoch(atLeast)
        const request = { kind: 'hold', service: null, because: 'wait' } as const
        const event = { kind: 'requested', id: 'r1', by: 'ada', seen: 0, request } as const
        const batches = [{ stream: 'release', expected: 'any', events: [event] }] as const
        await store.append({ at: clock.now(), epoch: 0, observation: 0, batches })
        return epoch
      },
    }
    const options = { clock, claims: [], plan, titrate: 'test', engine: 'test', lastWatchedAt: null }
    const taken = await takeOver({ ...options, store: asked })
    expect(taken.journal.release.pending.map(({ id }) => id)).toEqual(['r1'])
    expect(taken.journal.release).toMatchObject({ version: 3, epoch: taken.epoch })
    await store.close()
  })

  it('stops with a word for it when somebody newer was faster in an environment', async () => {
    const { store, clock, plan } = await openWorld()
    let epoch = 0
    const raced: Claims = {
      name: 'green',
      read: async () => ({ kind: 'ok', value: { release: null, epoch, stop: null, now: clock.now() } }),
      claim: async () => {
        epoch = 9
        return { kind: 'refused', because: 'epoch 1 is older than 9' }
      },
      free: async () => ({ kind: 'ok', value: null }),
      stop: async () => ({ kind: 'ok', value: null }),
      clearStop: async () => ({ kind: 'ok', value: null }),
    }
    const options = { store, clock, plan, titrate: 'test', engine: 'test', lastWatchedAt: null }
    await expect(takeOver({ ...options, claims: [raced] })).rejects.toMatchObject({ code: 'ENGINE_RUNNING' })
    const taken: Claims = {
      ...raced,
      read: async () => ({ kind: 'ok', value: { release: 'other', epoch, stop: null, now: clock.now() } }),
    }
    await expect(takeOver({ ...options, claims: [taken] })).rejects.toMatchObject({ code: 'ENVIRONMENT_TAKEN' })
    await store.close()
  })
})
