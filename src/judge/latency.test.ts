import { expect, test } from 'vitest'
import { dividedAlpha, falseAlarmBound } from './false-alarms.ts'
import { latencyThresholds, slowerThan } from './latency.ts'
import { downscale, type NativeHistogram, toClassic } from './native-histogram.ts'

test('the first bound, an empty tail and +Inf are never thresholds', () => {
  const blue = { boundsMs: [10, 100, 1000, Number.POSITIVE_INFINITY], atOrBelow: [50, 95, 100, 100], count: 100 }
  expect(latencyThresholds(blue).map(({ ms }) => ms)).toEqual([100])
})

test('counts at bounds are exact: between two bounds there is no count', () => {
  const histogram = { boundsMs: [10, 100], atOrBelow: [50, 95], count: 100 }
  expect(slowerThan(histogram, 100)).toBe(5)
  expect(slowerThan(histogram, 50)).toBeNull()
})

test('native histograms are brought to the coarser schema of both arms, with the same counts at its bounds', () => {
  const fine: NativeHistogram = {
    schema: 2,
    zeroCount: 1,
    count: 11,
    buckets: new Map([
      [-3, 2],
      [-1, 3],
      [0, 4],
      [1, 1],
    ]),
  }
  const coarse: NativeHistogram = { schema: 0, zeroCount: 0, count: 5, buckets: new Map([[0, 5]]) }
  expect([...downscale(fine, 0).buckets]).toEqual([
    [0, 9],
    [1, 1],
  ])
  const { blue, green } = toClassic(fine, coarse, [4000])
  expect(blue).toEqual({ boundsMs: [1000, 2000, 4000], atOrBelow: [10, 11, 11], count: 11 })
  expect(green).toEqual({ boundsMs: [1000, 2000, 4000], atOrBelow: [5, 5, 5], count: 5 })
})

test('the chance of a false alarm in a whole release is at most the sum of its parts', () => {
  expect(falseAlarmBound(Array(12).fill(0.01))).toBeCloseTo(0.12)
  expect(falseAlarmBound(Array(300).fill(0.01))).toBe(1)
  expect(dividedAlpha(0.05, 10)).toBeCloseTo(0.005)
})
