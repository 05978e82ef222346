import { describe, expect, test } from 'vitest'
import { measureDispersion } from '../../judge/dispersion.ts'
import { type Fault, noFault } from './fault.ts'
import { type Exposure, HOUR, type Shape, shapes } from './shape.ts'
import { createTrafficStream, type StreamOptions } from './traffic-stream.ts'

const streamOf = (differs: Partial<StreamOptions> = {}) =>
  createTrafficStream({
    seed: 11,
    shape: 'steady',
    perSecond: 1000,
    errorRatio: 0.001,
    fault: noFault,
    before: 60,
    length: HOUR,
    ...differs,
  })
const at = (weight: number): Exposure => [{ from: 0, weight }]
const ramp: Exposure = [
  { from: 0, weight: 10 },
  { from: 60, weight: 50 },
]

/** Sums over the samples `from` to `to`. */
const sums = (stream: ReturnType<typeof streamOf>, exposure: Exposure, from = 0, to = HOUR) => {
  const sum = { blue: 0, blueErrors: 0, green: 0, greenErrors: 0, assigned: 0, extra: 0, slow: 0, slowBlue: 0 }
  for (let i = from; i < to; i++) {
    const { sample, extraFailed } = stream.at(i, exposure)
    const slow = (arm: typeof sample.green) => (arm?.latency ? arm.latency.count - (arm.latency.atOrBelow[11] ?? 0) : 0)
    sum.blue += sample.blue?.requests ?? 0
    sum.blueErrors += sample.blue?.errors ?? 0
    sum.green += sample.green?.requests ?? 0
    sum.greenErrors += sample.green?.errors ?? 0
    sum.assigned += sample.assigned?.green ?? 0
    sum.extra += extraFailed
    sum.slow += slow(sample.green)
    sum.slowBlue += slow(sample.blue)
  }
  return sum
}

describe('a stream of traffic', () => {
  test('is the same for everybody who exposes green in the same way, in whatever order they ask', () => {
    const [one, other] = [streamOf(), streamOf()]
    const forwards = Array.from({ length: 100 }, (_, i) => one.at(i, ramp).sample)
    const backwards = Array.from({ length: 100 }, (_, i) => other.at(99 - i, [...ramp]).sample).toReversed()
    expect(backwards).toEqual(forwards)
    expect(one.at(7, ramp)).toBe(one.at(7, ramp))
    expect(streamOf({ seed: 12 }).at(7, ramp).sample).not.toEqual(one.at(7, ramp).sample)
  })

  test.each(shapes)('%s: histograms rise, count what was answered, and no more fails than that', (shape) => {
    const stream = streamOf({ shape, perSecond: 30, fault: { kind: 'errors', ratio: 0.2, from: 0 } })
    for (let i = 0; i < HOUR; i += 7)
      for (const arm of [stream.at(i, ramp).sample.green, stream.at(i, ramp).sample.blue]) {
        if (arm === null) continue
        const counts = [...(arm.latency?.atOrBelow ?? []), arm.latency?.count ?? 0]
        expect(counts.every((count, k) => count >= (counts[k - 1] ?? 0))).toBe(true)
        expect(arm.latency?.count).toBe(arm.requests)
        expect(arm.errors).toBeLessThanOrEqual(arm.requests)
      }
  })

  test('splits by weight, and fails by the base on both sides', () => {
    const sum = sums(streamOf(), at(25))
    expect(sum.green / (sum.green + sum.blue)).toBeCloseTo(0.25, 2)
    expect((sum.green + sum.blue) / (HOUR * 5)).toBeCloseTo(1000, -1)
    expect(sum.greenErrors / sum.green).toBeCloseTo(0.001, 4)
    expect(sum.blueErrors / sum.blue).toBeCloseTo(0.001, 4)
    expect(sum.extra).toBe(0)
    expect(sum.assigned).toBe(sum.green)
  })

  test('has no blue at 100 %, and a baseline as large as green before', () => {
    expect(streamOf().at(3, at(100)).sample.blue).toBeNull()
    expect(streamOf().at(3, at(100)).baseline()).toBeNull()
    const stream = streamOf()
    const sizes = Array.from({ length: 200 }, (_, i) => stream.at(i, at(10)).baseline()?.requests ?? 0)
    expect(sizes.reduce((sum, size) => sum + size, 0) / 200).toBeCloseTo(500, -1)
  })

  test.each([
    [{ kind: 'errors', ratio: 0.05, from: 0 }, 0.05, 0.049],
    [{ kind: 'errors', ratio: 1, from: 0 }, 1, 0.999],
    [{ kind: 'bad pod', ratio: 0.5, everyMinutes: 1 }, 0.05, 0.049],
    [{ kind: 'bad pod', ratio: 0.5, everyMinutes: 5 }, 0.0108, 0.0098],
  ] as const satisfies readonly (readonly [Fault, number, number])[])(
    '%o: so much of green fails, and so much of it only by the fault',
    (fault, ratio, extra) => {
      const sum = sums(streamOf({ fault }), at(25))
      expect(sum.greenErrors / sum.green / ratio).toBeCloseTo(1, 1)
      expect(sum.extra / sum.green / extra).toBeCloseTo(1, 1)
      expect(sum.blueErrors / sum.blue).toBeCloseTo(0.001, 4)
    },
  )

  test('a fault that begins later leaves green well until then', () => {
    const stream = streamOf({ fault: { kind: 'errors', ratio: 0.05, from: 100 } })
    expect(sums(stream, at(25), 0, 100).extra).toBe(0)
    expect(sums(stream, at(25), 100, 200).extra).toBeGreaterThan(5000)
  })

  test('what is lost is assigned and never answered', () => {
    const sum = sums(streamOf({ fault: { kind: 'lost', part: 0.3 } }), at(25))
    expect(sum.green / sum.assigned).toBeCloseTo(0.7, 2)
    expect(sum.extra).toBe(sum.assigned - sum.green)
  })

  test('a slow green has more above a bound, blue has not', () => {
    const sum = sums(streamOf({ fault: { kind: 'slow', factor: 2 } }), at(50))
    expect(sum.slowBlue / sum.blue).toBeCloseTo(0.049, 2)
    expect(sum.slow / sum.green).toBeCloseTo(0.216, 2)
  })
})

describe('shapes', () => {
  const phi = (shape: Shape) =>
    measureDispersion(
      streamOf({ shape, before: HOUR })
        .history()
        .map(({ a, b }) => ({ xA: a.errors, nA: a.requests, xB: b.errors, nB: b.requests })),
    ).phi

  test('steady failures are as noisy as Poisson, clustered ones several times as noisy', () => {
    expect(phi('steady')).toBeLessThan(1.15)
    // Geometric sizes of mean 4: 2 * 4 - 1.
    expect(phi('bursts')).toBeGreaterThan(5.5)
    expect(phi('bursts')).toBeLessThan(8.5)
  })

  test.each(['bursts', 'sticky users', 'one large tenant', 'cold start'] as const)(
    '%s: both sides together fail as often as the base says',
    (shape) => {
      const all = [11, 12, 13, 14].map((seed) => sums(streamOf({ shape, seed, perSecond: 3000 }), at(50)))
      const errors = all.reduce((sum, one) => sum + one.greenErrors + one.blueErrors, 0)
      const requests = all.reduce((sum, one) => sum + one.green + one.blue, 0)
      expect(errors / requests / 0.001).toBeGreaterThan(0.93)
      expect(errors / requests / 0.001).toBeLessThan(1.07)
    },
  )

  test('an incident hits both sides alike, for three minutes', () => {
    const stream = streamOf({ shape: 'incident on both sides' })
    const bad = Array.from({ length: HOUR }, (_, i) => stream.at(i, at(50)).sample).filter(
      ({ blue }) => (blue?.errors ?? 0) > 100,
    )
    expect(bad).toHaveLength(36)
    expect(bad.every(({ green }) => (green?.errors ?? 0) > 100)).toBe(true)
  })

  test('replicas are slow after each raise, and no more after four minutes', () => {
    const stream = streamOf({ shape: 'cold start' })
    expect(sums(stream, ramp, 60, 66).slow).toBeGreaterThan(3 * sums(stream, ramp, 60, 66).slowBlue)
    expect(sums(stream, ramp, 108, 120).slow).toBeLessThan(1.2 * sums(stream, ramp, 108, 120).slowBlue)
  })

  test('sticky users follow the weights late', () => {
    const stream = streamOf({ shape: 'sticky users' })
    const share = (exposure: Exposure, from: number, to: number) => {
      const { green, blue } = sums(stream, exposure, from, to)
      return green / (green + blue)
    }
    expect(share(ramp.slice(0, 1), 0, 6)).toBeLessThan(0.02)
    expect(share(ramp, 60, 66)).toBeLessThan(0.15)
    expect(share(ramp, 600, 700)).toBeCloseTo(0.5, 1)
  })

  test('a large tenant fails more often on the side where it is', () => {
    const stream = streamOf({ shape: 'one large tenant' })
    const ratio = (weight: number) => {
      const { greenErrors, green } = sums(stream, at(weight), 0, 200)
      return greenErrors / green
    }
    const ratios = [1, 5, 10, 25, 50, 75, 99].map(ratio)
    expect(Math.max(...ratios) / (ratios[0] ?? 1)).toBeGreaterThan(1.3)
  })
})
