import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Side } from '../moves/goal.ts'
import { createLedger, type LedgerNews, type LedgerRun } from './ledger.ts'

const minute = 60_000
const at = (n: number) => n * minute
const ranOn = (side: Side, n: number, endedAt: number | null = at(n) + 1_000): LedgerRun => ({
  name: `job-${at(n) / 1_000}`,
  side,
  tick: at(n),
  startedAt: at(n),
  endedAt,
})
const news = (changed: Partial<LedgerNews>): LedgerNews => ({
  expected: [],
  runs: [],
  skipped: [],
  recordsSince: { blue: 0, green: 0 },
  ownedSince: 0,
  now: at(100),
  ...changed,
})
const allow = { concurrency: 'Allow', graceMs: 30_000, keep: 100 } as const

describe('the tick ledger', () => {
  it('calls nothing missed while the schedule is being handed over, nor at once after it', () => {
    const ledger = createLedger(allow)
    expect(ledger.take(news({ expected: [at(1), at(2)], ownedSince: null }))).toEqual([])
    expect(ledger.take(news({ ownedSince: at(100) }))).toEqual([])
    const rows = ledger.take(news({ runs: [ranOn('green', 2)], ownedSince: at(100), now: at(101) }))
    expect(rows).toMatchObject([{ fate: 'missed' }, { fate: 'ran' }])
  })

  it('says ran, duplicate, missed and skipped by what was recorded', () => {
    const ledger = createLedger(allow)
    const rows = ledger.take(
      news({
        expected: [at(1), at(2), at(3), at(4)],
        runs: [ranOn('blue', 1), ranOn('blue', 2), ranOn('green', 2)],
        skipped: [at(4)],
      }),
    )
    expect(rows).toEqual([
      { tick: at(1), blue: 1, green: 0, fate: 'ran' },
      { tick: at(2), blue: 1, green: 1, fate: 'duplicate' },
      { tick: at(3), blue: 0, green: 0, fate: 'missed' },
      { tick: at(4), blue: 0, green: 0, fate: 'skipped' },
    ])
    expect(ledger.totals()).toEqual({ expected: 4, ran: 1, duplicate: 1, missed: 1, skipped: 1, unseen: 0 })
  })

  it('never counts a tick as run, or as missed, when its evidence is gone', () => {
    const ledger = createLedger(allow)
    const gone = news({ expected: [at(1)], recordsSince: { blue: at(2), green: 0 } })
    expect(ledger.take(gone)).toMatchObject([{ fate: 'unseen' }])
    expect(ledger.take(news({ expected: [at(5)], recordsSince: { blue: null, green: 0 } }))).toMatchObject([
      { fate: 'unseen' },
    ])
    expect(ledger.take(news({ runs: [ranOn('blue', 5)] }))).toMatchObject([
      { tick: at(1), fate: 'missed' },
      { tick: at(5), fate: 'ran' },
    ])
  })

  it('waits for the grace before it says missed, and takes it back when a late run shows', () => {
    const ledger = createLedger(allow)
    expect(ledger.take(news({ expected: [at(1)], now: at(1) + 30_000 }))).toEqual([])
    expect(ledger.rows()).toMatchObject([{ fate: 'due' }])
    expect(ledger.take(news({ now: at(1) + 30_001 }))).toMatchObject([{ fate: 'missed' }])
    expect(ledger.take(news({ runs: [ranOn('green', 1)] }))).toMatchObject([{ fate: 'ran' }])
    expect(ledger.take(news({ runs: [ranOn('blue', 1)] }))).toMatchObject([{ fate: 'duplicate' }])
    expect(ledger.totals()).toMatchObject({ expected: 1, duplicate: 1, ran: 0, missed: 0 })
  })

  it('does not call a tick missed that Forbid held back or let go', () => {
    const ledger = createLedger({ ...allow, concurrency: 'Forbid' })
    const going = news({ expected: [at(1), at(2), at(3)], runs: [ranOn('blue', 1, null)], now: at(4) })
    expect(ledger.take(going)).toMatchObject([{ tick: at(1), fate: 'ran' }])
    const ended = news({ runs: [ranOn('blue', 1, at(4)), ranOn('blue', 3)], now: at(5) })
    expect(ledger.take(ended)).toMatchObject([
      { tick: at(2), fate: 'skipped' },
      { tick: at(3), fate: 'ran' },
    ])
  })

  it('counts the same in one batch, in any pieces and with repeats', () => {
    const event = fc.record({ tick: fc.integer({ min: 1, max: 30 }), side: fc.constantFrom<Side>('blue', 'green') })
    fc.assert(
      fc.property(fc.array(event), fc.integer({ min: 1, max: 7 }), (events, size) => {
        const expected = Array.from({ length: 30 }, (_, n) => at(n + 1))
        const whole = createLedger(allow)
        whole.take(news({ expected, runs: events.map(({ side, tick }) => ranOn(side, tick)) }))
        const pieces = createLedger(allow)
        for (let from = 0; from < events.length; from += size) {
          const runs = events.slice(from, from + size).map(({ side, tick }) => ranOn(side, tick))
          pieces.take(news({ expected, runs }))
          pieces.take(news({ runs }))
        }
        pieces.take(news({ expected }))
        expect(pieces.totals()).toEqual(whole.totals())
        const { expected: all, ...fates } = whole.totals()
        expect(Object.values(fates).reduce((a, b) => a + b, 0)).toBe(all)
      }),
    )
  })

  it('keeps only the newest ticks and the totals of all', () => {
    const ledger = createLedger({ ...allow, keep: 10 })
    for (let n = 1; n <= 1_000; n += 1) ledger.take(news({ expected: [at(n)], runs: [ranOn('green', n)], now: at(n) }))
    expect(ledger.rows().length).toBeLessThanOrEqual(20)
    expect(ledger.totals()).toMatchObject({ expected: 1_000, ran: 1_000 })
  })
})
