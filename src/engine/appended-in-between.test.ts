import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type JournalEvent, releaseStream } from '../journal/events.ts'
import { emptyJournal, foldJournal } from '../journal/fold.ts'
import { createRandomWorld } from '../moves/testing/random-world.ts'
import { smallPlan } from '../moves/testing/small-world.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { createTurnLoop } from './turn-loop.ts'

describe('what somebody appends while a turn is made', () => {
  let folder: string
  let store: Store
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'titrate-turns-'))
    store = await openStore({ file: join(folder, 'journal.db'), release: 'small' })
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true })
  })

  const tell = async (...events: readonly JournalEvent[]): Promise<void> => {
    const batches = [{ stream: releaseStream, expected: 'any' as const, events }]
    await store.append({ at: 1_000, epoch: 0, observation: 0, batches })
  }
  const hold: JournalEvent = {
    ...{ kind: 'requested', id: 'r1', by: 'ada', seen: 0 },
    request: { kind: 'hold', service: null, because: 'wait' },
  }
  /** A loop whose next append comes right after that of somebody else. */
  const openLoop = async () => {
    const plan = smallPlan()
    await tell({ kind: 'created', release: 'small', plan, titrate: 'test' })
    const world = createRandomWorld(plan)
    let isNext = false
    const late: Store = {
      ...store,
      append: async (append) => {
        if (isNext) await tell(hold)
        isNext = false
        return store.append(append)
      },
    }
    const journal = foldJournal(emptyJournal('small'), await store.read(0, 100))
    const loop = createTurnLoop({ store: late, plan, epoch: 1, journal, facts: (service) => world.of(service).facts })
    return { loop, interpose: () => (isNext = true) }
  }

  it('is told with the turn that lost against it, and decided on in it', async () => {
    const { loop, interpose } = await openLoop()
    interpose()
    // The first thing that is decided concerns the release, as what was asked does.
    const { entries, others } = await loop.turn([], [], 2_000, 0)
    expect(others.map(({ event }) => event)).toEqual([hold])
    expect(entries.map(({ event }) => event.kind)).toContain('answered')
  })

  it('is told also when nothing was lost against it', async () => {
    const { loop, interpose } = await openLoop()
    await loop.turn([], [], 2_000, 0)
    interpose()
    const left = { stream: releaseStream, event: { kind: 'left', because: 'a test' } } as const
    const { entries, others } = await loop.turn([left], [], 3_000, 0)
    expect(others.map(({ event }) => event)).toEqual([hold])
    expect(entries[0]?.event).toEqual(left.event)
    expect(others[0]?.position).toBeLessThan(entries[0]?.position ?? 0)
    expect(loop.journal().position).toBe((await store.head()).position)
  })
})
