import { expect, test } from 'vitest'
import { durationBounds } from '../../providers/proxy/traffic-metrics.ts'
import { binParts, boundsMs, mixed, tailBeyond } from './latency-model.ts'

test('the histogram has the bounds of the embedded router', () => {
  expect(boundsMs).toEqual(durationBounds.map((seconds) => seconds * 1000))
})

test('half of the requests take less than 40 ms, 99 % less than 257 ms', () => {
  expect(tailBeyond(40)).toBeCloseTo(0.5, 6)
  expect(tailBeyond(257.2)).toBeCloseTo(0.01, 4)
  expect(tailBeyond(149.2)).toBeCloseTo(0.05, 3)
  expect(tailBeyond(80, 2)).toBeCloseTo(0.5, 6)
})

test('parts add up to 1, also of a mixture', () => {
  const sum = (parts: readonly number[]) => parts.reduce((total, part) => total + part, 0)
  expect(binParts(1)).toHaveLength(boundsMs.length + 1)
  expect(sum(binParts(1))).toBeCloseTo(1, 9)
  expect(sum(mixed(binParts(1), binParts(4), 0.3))).toBeCloseTo(1, 9)
  expect(mixed(binParts(1), binParts(4), 0)).toBe(binParts(1))
})
