import { describe, expect, test } from 'vitest'
import { poisson, seeded } from '../../test/traffic.ts'
import { guardTrips } from './guard.ts'
import type { Block } from './sample.ts'

const block = (xg: number, ng: number, xb: number, nb: number): Block => ({ xg, ng, xb, nb })

describe('the guard', () => {
  test('trips when green fails and blue is well', () => {
    expect(guardTrips([block(3, 6, 0, 45), block(3, 6, 0, 45)], 2)).toBe(true)
  })

  test('leaves the same failures alone while blue fails too: so few may fall on green by chance', () => {
    expect(guardTrips([block(3, 6, 4, 45), block(3, 6, 5, 45)], 2)).toBe(false)
  })

  test('trips through a failing blue when green is far worse', () => {
    expect(guardTrips([block(30, 40, 40, 400), block(28, 40, 41, 400)], 2)).toBe(true)
  })

  test('without blue, a few failures may be chance if blue used to fail', () => {
    expect(guardTrips([block(3, 12, 0, 0), block(3, 12, 0, 0)], 2, 0.05)).toBe(false)
    expect(guardTrips([block(3, 12, 0, 0), block(3, 12, 0, 0)], 2, 0.002)).toBe(true)
  })

  test('in an incident of both sides it is tripped less than once in 200', () => {
    const random = seeded(3)
    // 3 minutes at 10 requests a second, 10 % of them on green, a tenth of all failing.
    const samples = Array.from({ length: 36 * 3000 }, () => {
      const [ng, nb] = [poisson(5, random), poisson(45, random)]
      return block(Math.min(ng, poisson(ng / 10, random)), ng, Math.min(nb, poisson(nb / 10, random)), nb)
    })
    const incidents = Array.from({ length: 3000 }, (_, n) => samples.slice(36 * n, 36 * (n + 1)))
    const tripped = incidents.filter((one) => one.some((_, i) => guardTrips(one.slice(Math.max(0, i - 2), i + 1), 2)))
    expect(tripped.length).toBeLessThan(0.005 * incidents.length)
  })
})
