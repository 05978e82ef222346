import { afterEach, describe, expect, it } from 'vitest'
import { emptyJournal, type JournalState } from '../journal/fold.ts'
import { newMove } from '../journal/move-state.ts'
import type { Side } from '../moves/goal.ts'
import { movePlan, smallPlan } from '../moves/testing/small-world.ts'
import { createInbox } from './inbox.ts'
import { createLedgerKeeper } from './ledger-keeper.ts'
import type { Answer, Run, Schedules } from './ports.ts'
import { createHandClock } from './testing/hand-clock.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
/** A tick on every hour; the test begins ten minutes before one. */
const start = 500 * hour - 10 * minute

const ok = <T>(value: T): Promise<Answer<T>> => Promise.resolve({ kind: 'ok', value })

describe('the ledger of an environment that tells of every change', () => {
  const stop = { controller: new AbortController() }
  afterEach(() => stop.controller.abort())

  const open = () => {
    stop.controller = new AbortController()
    const { clock, pass } = createHandClock(start)
    const looks = { runs: 0 }
    const runs: Run[] = []
    const schedulesOf = (side: Side): Schedules =>
      // What the ledger asks of a schedule, and no more.
      ({
        side,
        horizonMs: 3 * minute,
        read: () => ok({ concurrency: 'Allow' }),
        runs: () => {
          looks.runs += side === 'blue' ? 1 : 0
          return ok(runs.filter((run) => run.side === side))
        },
        recordsSince: () => ok(0),
        ticks: (_: string, from: number, until: number) => {
          const ticks: number[] = []
          for (let tick = (Math.floor(from / hour) + 1) * hour; tick <= until; tick += hour) ticks.push(tick)
          return ok(ticks)
        },
      }) as unknown as Schedules
    let journal: JournalState = {
      ...emptyJournal('shop'),
      release: { ...emptyJournal('shop').release, createdAt: start },
    }
    const told: ((service: string | null) => void)[] = []
    const keeper = createLedgerKeeper({
      sides: { blue: { schedules: schedulesOf('blue') }, green: { schedules: schedulesOf('green') } },
      plan: { ...smallPlan(), moves: { mail: movePlan('mail', 'job', 1, []) } },
      journal: () => journal,
      clock,
      changes: (changed) => void told.push(changed),
    })
    void keeper.run(createInbox(), stop.controller.signal)
    return {
      ...{ pass, looks, runs, takeRows: keeper.takeRows },
      tell: (service: string | null) => told.forEach((changed) => changed(service)),
      moveOn: () => {
        journal = { ...journal, moves: new Map([['mail', { ...newMove('mail'), step: 1 }]]) }
      },
    }
  }

  it('is kept without a look while nothing is told and no tick is due', async () => {
    const { pass, looks } = open()
    await pass(5 * second)
    expect(looks.runs).toBe(1)
    await pass(9 * minute)
    expect(looks.runs).toBe(1)
  })

  it('is looked at when something is told of it, and when its move goes on', async () => {
    const { pass, looks, tell, moveOn } = open()
    await pass(5 * second)
    tell('other')
    await pass(5 * second)
    expect(looks.runs).toBe(1)
    tell('mail')
    await pass(5 * second)
    expect(looks.runs).toBe(2)
    tell(null)
    await pass(5 * second)
    expect(looks.runs).toBe(3)
    moveOn()
    await pass(5 * second)
    expect(looks.runs).toBe(4)
  })

  it('looks from when a tick is due until it ran, and says so', async () => {
    const { pass, looks, runs, tell, takeRows } = open()
    await pass(10 * minute - second)
    expect(looks.runs).toBe(1)
    await pass(6 * second)
    expect(looks.runs).toBeGreaterThan(3)
    const tick = 500 * hour
    const run = {
      name: 'mail-1',
      service: 'mail',
      side: 'blue',
      tick,
      startedAt: tick,
      endedAt: tick + second,
    } as const
    runs.push({ ...run, result: 'succeeded', exitCode: 0 })
    tell('mail')
    await pass(2 * second)
    expect(takeRows().map(({ body }) => body)).toMatchObject([{ tick, blue: 1, green: 0, fate: 'ran' }])
    const before = looks.runs
    await pass(minute)
    expect(looks.runs).toBe(before)
  })

  it('says that a tick was missed although nothing was ever told', async () => {
    const { pass, takeRows } = open()
    await pass(10 * minute + 2 * minute)
    expect(takeRows().map(({ body }) => body)).toMatchObject([{ tick: 500 * hour, fate: 'missed' }])
  })
})
