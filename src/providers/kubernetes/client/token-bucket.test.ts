import { describe, expect, it } from 'vitest'
import { waitBefore } from './backoff.ts'
import { createTokenBucket } from './token-bucket.ts'

/** A clock that jumps from one timer to the next. */
const fakeClock = () => {
  let now = 0
  const timers: { readonly at: number; readonly run: () => void }[] = []
  return {
    now: () => now,
    schedule: (run: () => void, afterMs: number) => void timers.push({ at: now + afterMs, run }),
    timers,
    next: () => {
      timers.sort((a, b) => a.at - b.at)
      const timer = timers.shift()
      if (timer === undefined) return false
      now = timer.at
      timer.run()
      return true
    },
  }
}
const never = new AbortController().signal

describe('the rate limit of a cluster', () => {
  it('lets a second of requests go at once, then as many a second as it says', async () => {
    const clock = fakeClock()
    const bucket = createTokenBucket(40, clock.now, clock.schedule)
    const at: number[] = []
    const all = Promise.all(
      Array.from({ length: 120 }, () => bucket.take('normal', never).then(() => at.push(clock.now()))),
    )
    // What was admitted is told before the clock goes on.
    await new Promise(setImmediate)
    while (clock.next()) await new Promise(setImmediate)
    await all
    expect(at.filter((each) => each === 0)).toHaveLength(40)
    expect(at.at(-1)).toBeGreaterThanOrEqual(2_000)
    expect(at.at(-1)).toBeLessThanOrEqual(2_060)
  })

  it('serves the urgent first, forgets those who gave up, and leaves no timer behind', async () => {
    const clock = fakeClock()
    const bucket = createTokenBucket(2, clock.now, clock.schedule)
    await bucket.take('normal', never)
    await bucket.take('normal', never)
    const order: string[] = []
    const gone = new AbortController()
    const given = bucket.take('urgent', gone.signal).catch((error: unknown) => order.push(String(error)))
    const normal = bucket.take('normal', never).then(() => order.push('normal'))
    const urgent = bucket.take('urgent', never).then(() => order.push('urgent'))
    const first = bucket.take('first', never).then(() => order.push('first'))
    gone.abort('gave up')
    await given
    while (clock.next()) await Promise.resolve()
    await Promise.all([normal, urgent, first])
    expect(order).toEqual(['gave up', 'first', 'urgent', 'normal'])
    expect(clock.timers).toHaveLength(0)
    await expect(bucket.take('normal', AbortSignal.abort('no'))).rejects.toBe('no')
  })
})

describe('waiting before the next try', () => {
  it('doubles up to the most, of which half is chance', () => {
    const backoff = { firstMs: 100, mostMs: 1_000 }
    expect([1, 2, 3, 4, 5, 99].map((attempt) => waitBefore(attempt, backoff, () => 1))).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ])
    expect([1, 5].map((attempt) => waitBefore(attempt, backoff, () => 0))).toEqual([50, 500])
  })
})
