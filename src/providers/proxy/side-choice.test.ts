import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buckets, chooseSide, cookieValue, effectiveGreen, sideOfBucket } from './side-choice.ts'

const hour = 3_600_000
const rules = { sticky: { cookie: 'side', forMs: hour }, test: { header: 'x-side', cookie: 'test-side' } }
const now = 1_700_000_000_000
const never = (): number => {
  throw new Error('must not be asked')
}
const weight = fc.double({ min: 0, max: 100, noNaN: true })
const bucket = fc.integer({ min: 0, max: buckets - 1 })

/** A cookie as the browser sends it back. */
const cookieOf = (setCookie: string | null): string => setCookie?.split(';')[0] ?? ''

describe('the side of a bucket', () => {
  test('a higher weight takes nobody away from green, a lower one nobody away from blue', () => {
    fc.assert(
      fc.property(bucket, weight, weight, (of, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        if (sideOfBucket(of, low) === 'green') expect(sideOfBucket(of, high)).toBe('green')
      }),
    )
  })

  test('exactly the share of the buckets is on green', () => {
    for (const green of [0, 0.01, 1, 12.5, 50, 99.99, 100]) {
      const onGreen = Array.from({ length: buckets }, (_, of) => sideOfBucket(of, green)).filter((s) => s === 'green')
      expect(onGreen).toHaveLength(Math.round(green * 100))
    }
  })
})

describe('choosing a side', () => {
  test('without a cookie it is random by weight, and a cookie is given', () => {
    expect(chooseSide({}, rules, 25, now, () => 0.2499)).toMatchObject({ side: 'green', forced: false })
    expect(chooseSide({}, rules, 25, now, () => 0.25)).toMatchObject({ side: 'blue', forced: false })
    expect(chooseSide({}, rules, 25, now, () => 0.25).setCookie).toMatch(
      /^side=2500\.[0-9a-z]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/,
    )
  })

  test('who has a cookie stays as long as the weight permits', () => {
    fc.assert(
      fc.property(bucket, fc.array(weight, { minLength: 1 }), (of, weights) => {
        const given = chooseSide({}, rules, weights[0] ?? 0, now, () => of / buckets)
        const headers = { cookie: `a=b; ${cookieOf(given.setCookie)}` }
        for (const green of weights) {
          const { side, setCookie } = chooseSide(headers, rules, green, now + 60_000, never)
          expect(side).toBe(sideOfBucket(of, green))
          expect(setCookie).toBe(null)
        }
      }),
    )
  })

  test('weight 0 overrides stickiness', () => {
    const headers = { cookie: cookieOf(chooseSide({}, rules, 100, now, () => 0).setCookie) }
    expect(chooseSide(headers, rules, 0, now, never).side).toBe('blue')
  })

  test('in its second half a cookie is given anew with the same bucket', () => {
    const headers = { cookie: cookieOf(chooseSide({}, rules, 50, now, () => 0.1234).setCookie) }
    expect(chooseSide(headers, rules, 50, now + 0.4 * hour, never).setCookie).toBe(null)
    expect(chooseSide(headers, rules, 50, now + 0.6 * hour, never).setCookie).toMatch(/^side=1234\./)
  })

  test('a cookie that is not ours in form counts as none', () => {
    for (const value of ['', 'blue', '10000.a', '-1.a', '5', '5.', '5.A']) {
      expect(chooseSide({ cookie: `side=${value}` }, rules, 100, now, () => 0.5).setCookie).not.toBe(null)
    }
  })

  test('the test header, then the test cookie, force a side whatever the weight', () => {
    const forced = (headers: Record<string, string>) => chooseSide(headers, rules, 0, now, () => 0.5)
    expect(forced({ 'x-side': 'green' })).toEqual({ side: 'green', forced: true, setCookie: null })
    expect(forced({ cookie: 'test-side=green' })).toEqual({ side: 'green', forced: true, setCookie: null })
    expect(forced({ 'x-side': 'blue', cookie: 'test-side=green' }).side).toBe('blue')
    expect(forced({ 'x-side': 'red' }).forced).toBe(false)
  })

  test('without stickiness no cookie is read or given', () => {
    const choice = chooseSide({ cookie: 'side=1.a' }, { ...rules, sticky: null }, 50, now, () => 0.9)
    expect(choice).toEqual({ side: 'blue', forced: false, setCookie: null })
  })
})

test('an unready green gets 0 while blue is ready; in every other case the weight stays', () => {
  expect(effectiveGreen(25, { blue: true, green: true })).toBe(25)
  expect(effectiveGreen(25, { blue: true, green: false })).toBe(0)
  expect(effectiveGreen(25, { blue: false, green: true })).toBe(25)
  expect(effectiveGreen(25, { blue: false, green: false })).toBe(25)
})

test('a cookie is found by its whole name only', () => {
  expect(cookieValue('xside=1; side=2; side=3', 'side')).toBe('2')
  expect(cookieValue('sides=1', 'side')).toBe(null)
})
