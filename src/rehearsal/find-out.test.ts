import { describe, expect, it } from 'vitest'
import type { CounterSeries, MetricsSnapshot, Run } from '../engine/ports.ts'
import { findInMetrics, findInRecords, findInRuns, mergeFindings, quantileOf } from './find-out.ts'

const bounds = [0.025, 0.1, 0.4]

/** A service that was asked so often since its start; 1 % fail; half take 25 ms at most, 99 % take 100 ms at most. */
const snapshot = (at: number, requests: number): MetricsSnapshot => {
  const of = (measure: CounterSeries['measure'], value: number, le?: number): CounterSeries => ({
    ...{ series: `router ${measure} ${le ?? ''}`, service: 'site', side: 'blue', measure, value },
    ...(le === undefined ? {} : { le }),
  })
  const buckets = [0.5, 0.99, 1].map((share, index) => of('bucket', share * requests, bounds[index]))
  const counters = [of('requests', requests), of('errors', requests / 100), ...buckets]
  return { at, counters: [...counters, of('bucket', requests, Number.POSITIVE_INFINITY)], gauges: [], missing: [] }
}

describe('what can be found out before a rehearsal', () => {
  it('takes rates from two scrapes, and the rest from all that was counted', () => {
    const site = findInMetrics(snapshot(0, 100_000), snapshot(5_000, 100_500)).get('site')
    expect(site?.rate?.value).toBe(100)
    expect(site?.errors?.value).toBe(0.01)
    expect(site?.latency?.value).toBeCloseTo(25, 6)
    expect(site?.tail?.value).toBeCloseTo(100, 6)
    expect(site?.bounds).toEqual(bounds)
  })

  it('says nothing of failures and latency after few requests, nor of a rate that is 0', () => {
    expect(findInMetrics(snapshot(0, 200), snapshot(5_000, 200)).get('site')).toEqual({})
  })

  it('finds a quantile between two bounds, and none beyond the last', () => {
    const histogram = { boundsMs: [10, 100], atOrBelow: [0, 90], count: 100 }
    expect(quantileOf(histogram, 0.45)).toBeCloseTo(Math.sqrt(10 * 100), 6)
    expect(quantileOf(histogram, 0.99)).toBeNull()
  })

  it('takes the middle of ended runs, from three on', () => {
    const run = (seconds: number): Run =>
      ({
        ...{ name: 'r', service: 'job', side: 'blue', tick: 1, startedAt: 0, endedAt: seconds * 1_000 },
        ...{ result: 'succeeded', exitCode: 0 },
      }) as const
    expect(findInRuns([run(4), run(90), run(6)]).run?.value).toBe(6_000)
    expect(findInRuns([run(4), run(6)])).toEqual({})
  })

  it('believes what runs now before what was recorded', () => {
    const rows = [{ service: 'site', durationMs: 10_000, requests: 20_000, errors: 10, latency: null }]
    const recorded = findInRecords(rows)
    expect(recorded.get('site')).toMatchObject({
      rate: { value: 2_000, source: 'recorded' },
      errors: { value: 0.0005 },
    })
    const merged = mergeFindings(new Map([['site', { rate: { value: 7, source: 'measured', note: null } }]]), recorded)
    expect(merged.get('site')).toMatchObject({ rate: { value: 7 }, errors: { value: 0.0005, source: 'recorded' } })
  })
})
