import { describe, expect, test } from 'vitest'
import { logFactorial, poisson } from './poisson.ts'
import { createStreamRandom } from './stream-random.ts'

const draws = (mean: number, count: number): readonly number[] => {
  const random = createStreamRandom()
  random.restart(20261, Math.round(mean * 1000), 1)
  return Array.from({ length: count }, () => poisson(mean, random))
}

const probability = (k: number, mean: number): number => Math.exp(k * Math.log(mean) - mean - logFactorial(k))

/** Pearson's chi-squared over single counts, those with fewer than 10 expected pooled at either end. */
const chiSquared = (mean: number, count: number): { readonly sum: number; readonly bins: number } => {
  const seen = new Map<number, number>()
  for (const k of draws(mean, count)) seen.set(k, (seen.get(k) ?? 0) + 1)
  const far = Math.ceil(mean + 12 * Math.sqrt(mean) + 20)
  const bins: { seen: number; expected: number }[] = [{ seen: 0, expected: 0 }]
  for (let k = 0; k <= far; k++) {
    const last = bins.at(-1)
    const next = { seen: seen.get(k) ?? 0, expected: count * probability(k, mean) }
    if (last === undefined) continue
    if (last.expected >= 10) bins.push(next)
    else {
      last.seen += next.seen
      last.expected += next.expected
    }
  }
  const tail = bins.at(-1)
  const before = bins.at(-2)
  if (tail !== undefined && before !== undefined && tail.expected < 10) {
    before.seen += tail.seen
    before.expected += tail.expected
    bins.pop()
  }
  return { sum: bins.reduce((sum, bin) => sum + (bin.seen - bin.expected) ** 2 / bin.expected, 0), bins: bins.length }
}

describe('Poisson counts', () => {
  test.each([0.02, 0.7, 3, 9.99, 10, 11.5, 40, 300, 5000])(
    'follow the distribution itself at a mean of %d, not only its mean',
    (mean) => {
      const { sum, bins } = chiSquared(mean, 200_000)
      const degrees = bins - 1
      // Seeds are fixed: 4 standard deviations of chi-squared is a fault of the sampler, never chance.
      expect(sum).toBeLessThan(degrees + 4 * Math.sqrt(2 * degrees) + 4)
    },
  )

  test.each([0.001, 1, 50, 5e4, 5e6])('have mean and variance %d', (mean) => {
    const all = draws(mean, 200_000)
    const average = all.reduce((sum, k) => sum + k, 0) / all.length
    const variance = all.reduce((sum, k) => sum + (k - average) ** 2, 0) / all.length
    expect(Math.abs(average - mean)).toBeLessThan(5 * Math.sqrt(mean / all.length))
    expect(Math.abs(variance / mean - 1)).toBeLessThan(5 * Math.sqrt((2 + 1 / mean) / all.length))
  })

  test('of nothing are nothing', () => {
    expect(draws(0, 5)).toEqual([0, 0, 0, 0, 0])
    expect(draws(Number.NaN, 1)).toEqual([0])
  })
})

test('ln(k!) is exact', () => {
  let sum = 0
  for (let k = 1; k <= 400; k++) {
    sum += Math.log(k)
    expect(Math.abs(logFactorial(k) - sum)).toBeLessThan(1e-9)
  }
})
