import { expect, test } from 'vitest'
import { createStreamRandom, seedOf } from './stream-random.ts'

const numbers = (seed: number, sample: number, arm: number, count: number): readonly number[] => {
  const random = createStreamRandom()
  random.restart(seed, sample, arm)
  return Array.from({ length: count }, () => random.next())
}

test('the same names give the same numbers, whatever was asked before', () => {
  const random = createStreamRandom()
  random.restart(7, 1, 0)
  for (let i = 0; i < 100; i++) random.next()
  random.restart(7, 3, 1)
  expect(Array.from({ length: 5 }, () => random.next())).toEqual(numbers(7, 3, 1, 5))
})

test('numbers of neighbouring names are unrelated, and even', () => {
  const firsts = Array.from({ length: 20_000 }, (_, sample) => numbers(1, sample, 0, 1)[0] ?? 0)
  const mean = firsts.reduce((sum, u) => sum + u, 0) / firsts.length
  const lagged = firsts.slice(1).reduce((sum, u, i) => sum + (u - 0.5) * ((firsts[i] ?? 0) - 0.5), 0) / firsts.length
  expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / firsts.length))
  expect(Math.abs(lagged)).toBeLessThan((4 / 12) * Math.sqrt(1 / firsts.length))
  const tenths = Array.from({ length: 10 }, (_, t) => firsts.filter((u) => Math.floor(u * 10) === t).length)
  for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(4 * Math.sqrt(2000))
  expect(firsts.every((u) => u > 0 && u < 1)).toBe(true)
})

test('seeds of runs differ, and are numbers that a seed may be', () => {
  const seeds = Array.from({ length: 5000 }, (_, run) => seedOf(1, 3, run))
  expect(new Set(seeds).size).toBe(5000)
  expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0)).toBe(true)
})
