import { describe, expect, it } from 'vitest'
import { noBaselines, takeIncrements } from './increments.ts'
import type { CounterSeries, MetricsSnapshot } from './ports.ts'

const requests = (series: string, value: number, side: 'blue' | 'green' = 'green'): CounterSeries => ({
  series,
  service: 'shop',
  side,
  measure: 'requests',
  value,
})
const snapshot = (...counters: readonly CounterSeries[]): MetricsSnapshot => ({
  at: 0,
  counters,
  gauges: [],
  missing: [],
})
const after = (...snapshots: readonly MetricsSnapshot[]) => {
  const baselines = noBaselines()
  return snapshots
    .map((each) => takeIncrements(baselines, each))
    .at(-1)
    ?.get('shop')
}

describe('increments between two snapshots', () => {
  it('takes the first snapshot of a source only as a starting point', () => {
    expect(after(snapshot(requests('a x', 500)))?.green?.arm.requests).toBe(0)
  })

  it('differences each series, then sums', () => {
    const first = snapshot(requests('a x', 500), requests('a y', 7))
    expect(after(first, snapshot(requests('a x', 510), requests('a y', 9)))?.green?.arm.requests).toBe(12)
  })

  it('takes a drop for a restart: the increment is the new value', () => {
    expect(after(snapshot(requests('a x', 500)), snapshot(requests('a x', 3)))?.green?.arm.requests).toBe(3)
  })

  it('counts a series that is new in a known source from zero', () => {
    expect(
      after(snapshot(requests('a x', 500)), snapshot(requests('a x', 500), requests('a z', 4)))?.green?.arm.requests,
    ).toBe(4)
  })

  it('does not count a source from zero that was missing at the start', () => {
    expect(
      after(snapshot(requests('a x', 1)), snapshot(requests('a x', 1), requests('b y', 9000)))?.green?.arm.requests,
    ).toBe(0)
  })

  it('counts what happened while a series was away, once', () => {
    expect(after(snapshot(requests('a x', 5)), snapshot(), snapshot(requests('a x', 9)))?.green?.arm.requests).toBe(4)
  })

  it('says of a side without any series that it was not measured', () => {
    expect(after(snapshot(requests('a x', 5)))?.blue).toBeNull()
  })
})
