import { describe, expect, it } from 'vitest'
import { fewAtOnce } from './few-at-once.ts'

describe('a few works at once', () => {
  it('begins the next in order as soon as one ends, well or not', async () => {
    const inTurn = fewAtOnce(2)
    const began: number[] = []
    const works = Array.from({ length: 4 }, () => Promise.withResolvers<number>())
    const all = works.map(({ promise }, index) =>
      inTurn(() => {
        began.push(index)
        return promise
      }).catch((error: unknown) => error),
    )
    expect(began).toEqual([0, 1])
    works[1]?.reject(new Error('one that failed'))
    await all[1]
    expect(began).toEqual([0, 1, 2])
    works[0]?.resolve(0)
    await all[0]
    expect(began).toEqual([0, 1, 2, 3])
    works[2]?.resolve(2)
    works[3]?.resolve(3)
    expect(await Promise.all(all)).toEqual([0, new Error('one that failed'), 2, 3])
    expect(await inTurn(async () => 'all places are free again')).toBe('all places are free again')
  })
})
