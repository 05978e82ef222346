import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { runBenchmark } from './benchmark.ts'
import type { CheckContext } from './context.ts'
import { countsOf, type Pair, quantileOf, ratioInterval, seededRandom } from './ratio-interval.ts'

const cleanUp: (() => unknown)[] = []
afterEach(() => {
  for (const each of cleanUp.splice(0)) each()
})

const answering = async (afterMs: number, told: () => void = () => undefined): Promise<string> => {
  const server = createServer((_, res) => {
    told()
    setTimeout(() => res.end(), afterMs)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const context = (blue: string | null, green: string | null, rest: Partial<CheckContext> = {}): CheckContext => ({
  service: 'storefront',
  blueAddress: async () => blue,
  greenAddress: async () => green,
  trialRun: async () => ({ kind: 'refused', because: 'not a job' }),
  probe: async () => ({ passed: true, summary: 'not checked here', figures: {} }),
  environmentVariables: {},
  signal: new AbortController().signal,
  clock: { now: () => 1234, monotonic: () => performance.now() },
  ...rest,
})
const short = { path: '/', ratePerSecond: 60, rounds: 2, partMs: 300 }

describe('a benchmark of both sides', () => {
  it('shows that green is slower, by how much, and between which bounds', async () => {
    const asked: string[] = []
    const note = (side: string) => () => void (asked.at(-1) !== side && asked.push(side))
    const result = await runBenchmark(
      short,
      context(await answering(10, note('blue')), await answering(40, note('green'))),
    )
    if (result.kind !== 'measured') throw new Error(result.because)
    expect(result.ratio.p50?.low).toBeGreaterThan(1.5)
    expect(result.ratio.p50?.estimate).toBeGreaterThan(2)
    expect(result.ratio.p50?.high).toBeGreaterThanOrEqual(result.ratio.p50?.estimate ?? Number.NaN)
    expect(result.ratio.p99).toBeNull()
    expect(result.blue.errors + result.green.errors).toBe(0)
    expect(result.green.requests).toBeGreaterThanOrEqual(200)
    // ABBA, twice: turns that follow each other on one side are one here.
    expect(asked).toEqual(['blue', 'green', 'blue', 'green', 'blue'])
  })

  it('is none when a side has no address, when it is stopped, or when blue suffers', async () => {
    const url = await answering(0)
    expect(await runBenchmark(short, context(url, null))).toEqual({
      kind: 'not measured',
      at: 1234,
      because: 'storefront has no address on green',
    })
    const guard = context(url, url, { blueGuard: () => true })
    expect(await runBenchmark(short, guard)).toMatchObject({ because: expect.stringContaining('blue’s objectives') })
    const stopped = context(url, url, { signal: AbortSignal.timeout(100) })
    expect(await runBenchmark(short, stopped)).toMatchObject({ because: 'it was stopped' })
  })
})

describe('the interval of a ratio', () => {
  /** Exponential times; a round of its own luck makes times near each other alike. */
  const pairs = (ratio: number, random: () => number, rounds = 12): Pair[] =>
    Array.from({ length: rounds }, () => {
      const luck = 1 + random() / 5
      const times = (mean: number) => countsOf(Array.from({ length: 100 }, () => -Math.log(1 - random()) * mean * luck))
      return { blue: times(10), green: times(10 * ratio) }
    })

  it('is the same for the same seed, and another for another', () => {
    const measured = pairs(1.3, seededRandom(1))
    const interval = (seed: number) => ratioInterval(measured, 0.5, seededRandom(seed))
    expect(interval(7)).toEqual(interval(7))
    expect(interval(7).low).not.toBe(interval(8).low)
  })

  it('holds the true ratio in most benchmarks, and shows a difference that is there', () => {
    const random = seededRandom(42)
    const intervals = Array.from({ length: 40 }, () => ratioInterval(pairs(1.3, random), 0.5, random))
    const holding = intervals.filter(({ low, high }) => low <= 1.3 && 1.3 <= high).length
    expect(holding).toBeGreaterThanOrEqual(33)
    expect(intervals.filter(({ low }) => low > 1).length).toBeGreaterThanOrEqual(33)
    for (const { low, estimate, high } of intervals) {
      expect(low).toBeLessThanOrEqual(estimate)
      expect(high).toBeGreaterThanOrEqual(estimate)
    }
  })

  it('reads quantiles within half a bin', () => {
    const counts = [countsOf(Array.from({ length: 1000 }, (_, i) => i + 1))]
    expect(Math.abs(quantileOf(counts, 0.5) / 500 - 1)).toBeLessThan(0.011)
    expect(Math.abs(quantileOf(counts, 0.99) / 990 - 1)).toBeLessThan(0.011)
    expect(quantileOf([countsOf([])], 0.5)).toBeNaN()
    expect(quantileOf([countsOf([0])], 0.5)).toBeCloseTo(0.01, 3)
    expect(quantileOf([countsOf([1e9])], 1)).toBeGreaterThan(100_000)
  })
})
