import { describe, expect, it } from 'vitest'
import type { Append } from '../store.ts'
import { describeStore } from '../testing/contract.ts'
import { createMemoryPlace } from './store.ts'

describeStore('memory', async () => ({ place: createMemoryPlace(), leave: async () => undefined }), {
  processes: false,
})

const append: Append = {
  at: 1,
  epoch: 0,
  observation: 0,
  batches: [{ stream: 's', expected: 'any', events: [{ kind: 'asked to go back', because: 'x' }] }],
}

describe('a store in memory', () => {
  it('takes nothing while it is said to be full', async () => {
    let full: string | null = 'no space left'
    const store = await createMemoryPlace({ full: () => full }).open('r')
    expect(await store.append(append)).toMatchObject({
      kind: 'full',
      because: expect.stringContaining('no space left'),
    })
    expect((await store.head()).position).toBe(0)
    full = null
    expect((await store.append(append)).kind).toBe('appended')
  })

  it('tells of every append as it is written', async () => {
    const seen: number[] = []
    const place = createMemoryPlace({ appended: (_, entries) => seen.push(...entries.map(({ position }) => position)) })
    const [one, other] = [await place.open('r'), await place.open('r')]
    await one.append(append)
    await other.append(append)
    expect(seen).toEqual([1, 2])
  })
})
