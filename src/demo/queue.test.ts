import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createQueue, type Leased } from './queue.ts'

describe('the queue of the demo', () => {
  it('hands each item out once while its lease lasts', () => {
    const queue = createQueue(1_000)
    const id = queue.add()
    expect(queue.take(0)?.id).toBe(id)
    expect(queue.take(999)).toBeNull()
  })

  it('hands an item out again when nobody reported it done in time', () => {
    const queue = createQueue(1_000)
    const id = queue.add()
    queue.take(0)
    expect(queue.take(1_000)?.id).toBe(id)
    expect(queue.totals()).toMatchObject({ added: 1, done: 0, leased: 1, twice: 0 })
  })

  it('does not hand out what was done after its lease had passed', () => {
    const queue = createQueue(1_000)
    queue.add()
    const late = queue.take(0)
    const other = queue.add()
    expect(queue.take(2_000)?.id).toBe(other)
    queue.done(late as Leased)
    expect(queue.take(4_000)?.id).toBe(other)
    expect(queue.take(4_000)).toBeNull()
  })

  it('counts work that two workers did, whoever holds the lease', () => {
    const queue = createQueue(1_000)
    queue.add()
    const first = queue.take(0) as Leased
    const second = queue.take(1_500) as Leased
    queue.done(second)
    queue.done(first)
    expect(queue.totals()).toEqual({ added: 1, done: 1, twice: 1, waiting: 0, leased: 0 })
  })

  it('never loses an item, whatever workers take, finish or forget', () => {
    const acts = fc.array(fc.constantFrom('add', 'take', 'done', 'wait'), { maxLength: 200 })
    fc.assert(
      fc.property(acts, (all) => {
        const queue = createQueue(10)
        const held: Leased[] = []
        let now = 0
        for (const act of all) {
          now += act === 'wait' ? 7 : 1
          if (act === 'add') queue.add()
          const lease = act === 'take' ? queue.take(now) : null
          if (lease !== null) held.push(lease)
          const finished = act === 'done' ? held.shift() : undefined
          if (finished !== undefined) queue.done(finished)
          const { added, done, waiting, leased } = queue.totals()
          expect(done + waiting + leased).toBe(added)
        }
        // Whoever works on and finishes in time gets everything done.
        for (now += 20; ; ) {
          const lease = queue.take(now)
          if (lease === null) break
          queue.done(lease)
        }
        expect(queue.totals().done).toBe(queue.totals().added)
      }),
    )
  })
})
