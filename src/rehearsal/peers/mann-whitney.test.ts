import { describe, expect, test } from 'vitest'
import { locationShift, mannWhitneyP, SEARCH_TOLERANCE } from './mann-whitney.ts'

/**
 * P-values: scipy 1.17 `mannwhitneyu(method='asymptotic', use_continuity=True)`. Intervals: that test inverted over all
 * pairwise differences. The first is from Hollander and Wolfe (1973), p. 69, which R's `wilcox.test` page has too.
 */
const cases = [
  {
    name: 'without ties (permeability of two membranes)',
    x: [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46],
    y: [1.15, 0.88, 0.9, 0.74, 1.21],
    confidence: 0.95,
    p: 0.24462360512698333,
    interval: [-0.15, 0.76],
    estimate: [0.3, 0.31],
  },
  {
    name: 'with many ties and zeros (5 % errors against 1 %)',
    x: [8, 2, 8, 4, 10, 4, 0, 8, 4, 4, 2, 4, 10, 8, 0, 4, 10, 4, 4, 6],
    y: [2, 0, 6, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0, 2, 0, 0, 2, 0, 0, 0],
    confidence: 0.98,
    p: 8.51434435455109e-6,
    interval: [2, 6],
    estimate: [4, 4],
  },
  {
    name: 'of counts that lie nearly the same',
    x: [5, 6, 1, 3, 1, 4, 2, 4, 7, 4, 4, 5],
    y: [1, 3, 4, 4, 1, 4, 4, 0, 0, 2, 1, 3, 6, 1, 3],
    confidence: 0.98,
    p: 0.058353178140315404,
    interval: [0, 3],
    estimate: [1, 1],
  },
  {
    name: 'of latencies (lower than the control)',
    x: [
      89.4, 189.6, 109.5, 147.9, 190.9, 90.6, 78.8, 160.4, 150.4, 137.9, 150.1, 114.6, 94.3, 141.2, 110.9, 90.6, 172.7,
      145.7, 167.7, 110.3, 121.8, 110, 113.8, 157.4, 117.3,
    ],
    y: [
      201.7, 200.7, 332.8, 119.4, 236.6, 176.5, 180.5, 117.3, 157.9, 226.5, 176.8, 185.7, 166.1, 256.3, 180.1, 93.7,
      147.3, 100.4, 68.3, 154.6, 270.4, 183.9, 127.5, 136.7, 254.5, 190.1, 183.9, 178.4, 183.4, 230.8,
    ],
    confidence: 0.98,
    p: 0.0002786715649794469,
    interval: [-76.3, -18.2],
    estimate: [-47, -46.7],
  },
] as const

describe('Mann-Whitney', () => {
  test.each(cases)('$name: the p-value', ({ x, y, p }) => {
    expect(Math.abs(mannWhitneyP(x, y) / p - 1)).toBeLessThan(1e-9)
  })

  test.each(cases)('$name: the interval and the estimate', ({ x, y, confidence, interval, estimate }) => {
    const shift = locationShift(x, y, confidence)
    expect(Math.abs(shift.lower - interval[0])).toBeLessThan(SEARCH_TOLERANCE)
    expect(Math.abs(shift.upper - interval[1])).toBeLessThan(SEARCH_TOLERANCE)
    expect(shift.estimate).toBeGreaterThan(estimate[0] - SEARCH_TOLERANCE)
    expect(shift.estimate).toBeLessThan(estimate[1] + SEARCH_TOLERANCE)
  })

  test('is the same for sides changed, with the sign turned', () => {
    const [{ x, y }] = cases
    const [there, back] = [locationShift(x, y, 0.9), locationShift(y, x, 0.9)]
    expect(Math.abs(back.lower + there.upper)).toBeLessThan(2 * SEARCH_TOLERANCE)
    expect(Math.abs(back.upper + there.lower)).toBeLessThan(2 * SEARCH_TOLERANCE)
    expect(mannWhitneyP(x, y)).toBeCloseTo(mannWhitneyP(y, x), 12)
  })

  test('tells nothing of values that are all equal', () => {
    expect(mannWhitneyP([1, 1, 1], [1, 1])).toBe(1)
  })
})
