import { expect, it } from 'vitest'
import { createPlaces } from './places.ts'

it('lets so many works go on at once, tells the others to come again, and frees the place of one that fails', async () => {
  const places = createPlaces(2)
  const begun: number[] = []
  const begin = (number: number, until: Promise<null>) =>
    places.within(async () => {
      begun.push(number)
      return { kind: 'ok', value: await until }
    })
  const [first, second] = [Promise.withResolvers<null>(), Promise.withResolvers<null>()]
  const [one, two] = [begin(1, first.promise), begin(2, second.promise)]
  expect(await begin(3, first.promise)).toMatchObject({ kind: 'unknown', because: expect.stringContaining('nothing') })
  second.reject(new Error('it broke'))
  await expect(two).rejects.toThrow('it broke')
  const four = begin(4, first.promise)
  first.resolve(null)
  expect([await one, await four]).toEqual([
    { kind: 'ok', value: null },
    { kind: 'ok', value: null },
  ])
  expect(begun).toEqual([1, 2, 4])
})
