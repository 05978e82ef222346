import { describe, expect, it } from 'vitest'
import type { CounterSeries, MetricsSnapshot } from './ports.ts'
import { createResting } from './resting.ts'

const counters = (...services: readonly string[]): MetricsSnapshot => ({
  at: 0,
  counters: services.map(
    (service): CounterSeries => ({ series: `r ${service}`, service, side: 'blue', measure: 'requests', value: 1 }),
  ),
  gauges: [],
  missing: [],
})
const namesIn = ({ counters: found }: MetricsSnapshot) => found.map(({ service }) => service)

describe('what has settled, in a rehearsal', () => {
  it('is measured once per span, for all the time since it was measured last', () => {
    const settled = new Set<string>()
    const resting = createResting(60_000, (service) => settled.has(service))
    const scrape = (at: number) =>
      namesIn(resting.leaveOut(counters('mover', 'rester', 'idle'), at, () => ['mover', 'rester']))
    expect(scrape(5_000)).toEqual(['mover', 'rester'])
    expect(resting.measured('rester', 5_000, 0)).toBe('baseline')
    settled.add('rester')
    expect(scrape(10_000)).toEqual(['mover'])
    expect(scrape(65_000)).toEqual(['mover', 'rester'])
    expect(resting.measured('rester', 65_000, 60_000)).toBe(5_000)
  })

  it('begins anew with a service that was not looked at for a while', () => {
    const resting = createResting(60_000, () => false)
    expect(resting.measured('site', 5_000, 0)).toBe('baseline')
    expect(resting.measured('site', 10_000, 5_000)).toBeNull()
    expect(resting.measured('site', 70_000, 65_000)).toBe('baseline')
  })

  it('rests nobody in a real release', () => {
    const resting = createResting(null, () => true)
    expect(namesIn(resting.leaveOut(counters('a', 'b'), 5_000, () => []))).toEqual(['a', 'b'])
    expect(resting.isDue('a', 5_000)).toBe(true)
    expect(resting.measured('a', 5_000, 0)).toBeNull()
  })
})
