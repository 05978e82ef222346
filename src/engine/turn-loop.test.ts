import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { lockstep, manyExposed } from '../../bench/in-memory/instant-world.ts'
import type { JournalEvent } from '../journal/events.ts'
import { releaseStream } from '../journal/events.ts'
import { noFacts } from '../moves/facts.ts'
import { openStore } from '../store/open.ts'
import type { Append, Store } from '../store/store.ts'
import { takeOver } from './take-over.ts'
import { createTurnLoop } from './turn-loop.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const checked = { kind: 'checked', blocking: [], notes: [], findings: null } as const
const began = 1_000_000

/** A release of many services that was checked, and what its engine appends. */
const openLoop = async (services: number, change: (store: Store) => Store = (store) => store) => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-turn-'))
  const store = await openStore({ file: join(folder, 'journal.db'), release: 'bench' })
  closing.push(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const plan = manyExposed({ ...lockstep, services })
  const clock = {
    now: () => began,
    monotonic: () => 0,
    sleep: () => Promise.resolve(),
    rest: () => ({ over: Promise.resolve(), end: () => undefined }),
    after: () => () => undefined,
  }
  const by = { claims: [], titrate: 'test', engine: 'test', lastWatchedAt: null }
  const { journal, epoch } = await takeOver({ ...by, store, clock, plan })
  const appends: Append[] = []
  const counting: Store = {
    ...store,
    append: (request) => {
      appends.push(request)
      return change(store).append(request)
    },
  }
  const loop = createTurnLoop({ store: counting, plan, epoch, journal, facts: () => noFacts })
  return { loop, store, appends, plan }
}
const kinds = (entries: readonly { readonly event: JournalEvent }[]) => entries.map(({ event }) => event.kind)

describe('a turn', () => {
  it('writes what came in and what is decided on it in one commit', async () => {
    const { loop, appends } = await openLoop(1)
    const { entries } = await loop.turn([{ stream: releaseStream, event: checked }], [], began, 0)
    expect(appends).toHaveLength(1)
    expect(kinds(entries)).toEqual(expect.arrayContaining(['checked', 'wave started', 'entered', 'intended']))
    expect(kinds(entries).indexOf('checked')).toBe(0)
    expect(loop.journal().position).toBe(entries.at(-1)?.position)
  })

  it('decides again, and writes what came in once, when somebody else wrote in between', async () => {
    let foreign: Append | null = {
      ...{ at: began, epoch: 0, observation: 0 },
      batches: [
        {
          stream: releaseStream,
          expected: 'any',
          events: [
            {
              ...{ kind: 'requested', id: 'r1', by: 'ada', seen: 0 },
              request: { kind: 'hold', service: null, because: 'wait' },
            },
          ],
        },
      ],
    }
    const { loop, store } = await openLoop(1, (under) => ({
      ...under,
      append: async (request) => {
        const first = foreign
        foreign = null
        if (first !== null) await under.append(first)
        return under.append(request)
      },
    }))
    await loop.turn([{ stream: releaseStream, event: checked }], [], began, 0)
    const written = kinds(await store.read(0, 100))
    expect(written.filter((kind) => kind === 'checked')).toHaveLength(1)
    expect(written).toEqual(expect.arrayContaining(['requested', 'answered', 'held']))
    expect(written).not.toContain('intended')
  })

  it('takes nothing for written when there was no room, and says everything at the next try', async () => {
    let isFull = true
    const { loop, store } = await openLoop(1, (under) => ({
      ...under,
      append: (request) => (isFull ? Promise.resolve({ kind: 'full', because: 'no room' }) : under.append(request)),
    }))
    const taken = [{ stream: releaseStream, event: checked }]
    const before = await store.head()
    expect(await loop.turn(taken, [], began, 0)).toMatchObject({ entries: [], refusal: { kind: 'full' } })
    expect(await store.head()).toEqual(before)
    isFull = false
    expect(kinds((await loop.turn(taken, [], began, 0)).entries)).toContain('intended')
  })

  it('lets moves whose time has come step before those that only wait for their turn', async () => {
    const { loop, plan } = await openLoop(40)
    const first = await loop.turn([{ stream: releaseStream, event: checked }], [], began, 0)
    const begun = new Set(first.entries.flatMap(({ stream, event }) => (event.kind === 'intended' ? [stream] : [])))
    expect(loop.isBehind()).toBe(true)
    const limitMs = Object.values(plan.moves)[0]?.steps[0]?.limitMs ?? 0
    const second = await loop.turn([], [], began + limitMs, 0)
    const stuck = second.entries.flatMap(({ stream, event }) => (event.kind === 'stuck' ? [stream] : []))
    expect(new Set(stuck)).toEqual(begun)
  })
})
