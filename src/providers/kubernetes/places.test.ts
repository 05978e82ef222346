import { describe, expect, it } from 'vitest'
import { createPlaces } from './places.ts'

const never = new AbortController().signal

describe('places for works that ask for much', () => {
  it('are given to so many at once, in order, and go to the next when one ends or fails', async () => {
    const places = createPlaces(2)
    const begun: number[] = []
    const works = [1, 2, 3, 4].map((number) => ({ number, ...Promise.withResolvers<null>() }))
    const all = works.map(({ number, promise }) =>
      places.within(never, async () => {
        begun.push(number)
        return { kind: 'ok', value: await promise } as const
      }),
    )
    await Promise.resolve()
    expect(begun).toEqual([1, 2])
    works[1]?.reject(new Error('it broke'))
    await expect(all[1]).rejects.toThrow('it broke')
    expect(begun).toEqual([1, 2, 3])
    for (const { resolve } of works) resolve(null)
    expect(await all[3]).toEqual({ kind: 'ok', value: null })
    expect(begun).toEqual([1, 2, 3, 4])
  })

  it('are waited for no longer than the signal, and then nothing was done', async () => {
    const places = createPlaces(1)
    const first = Promise.withResolvers<null>()
    const held = places.within(never, async () => ({ kind: 'ok', value: await first.promise }))
    const stop = new AbortController()
    let isBegun = false
    const second = places.within(stop.signal, async () => {
      isBegun = true
      return { kind: 'ok', value: null }
    })
    stop.abort()
    expect(await second).toMatchObject({ kind: 'unknown', because: expect.stringContaining('nothing was done yet') })
    first.resolve(null)
    await held
    expect(isBegun).toBe(false)
    expect(await places.within(never, async () => ({ kind: 'ok', value: 1 }))).toEqual({ kind: 'ok', value: 1 })
  })
})
