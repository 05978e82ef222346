import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serviceId } from './backend.ts'
import type { BackendRef } from './http-route.ts'
import { shareOf, type Weighed, weighed, weightOf, withoutGreen } from './weigh-rule.ts'

const within = {
  namespace: 'shop',
  backends: {
    service: 'web',
    blue: [serviceId('shop', 'web'), serviceId('shop', 'web-canary')],
    green: ({ name }: { readonly name: string }) => serviceId('shop', `${name}-green`),
  },
}
const refsOf = (answer: Weighed): readonly BackendRef[] => {
  if (answer.kind === 'refused') throw new Error(answer.because)
  return answer.refs
}
const weights = (original: readonly BackendRef[], percent: number) =>
  refsOf(weighed(original, percent, within)).map(({ name, weight }) => [name, weight])

describe('the weights of a rule', () => {
  it('give green exactly the wanted percent of what blue had, and keep its port and filters', () => {
    const filters = [{ type: 'RequestHeaderModifier' }]
    expect(refsOf(weighed([{ name: 'web', port: 80, filters }], 25, within))).toEqual([
      { name: 'web', port: 80, filters, weight: 75 },
      { name: 'web-green', port: 80, filters, weight: 25 },
    ])
    expect(weights([{ name: 'web' }], 1)).toEqual([
      ['web', 99],
      ['web-green', 1],
    ])
    expect(weights([{ name: 'web' }], 100)).toEqual([
      ['web', 0],
      ['web-green', 100],
    ])
  })

  it('leave other backends their part of the whole', () => {
    const original = [
      { name: 'web', weight: 90 },
      { name: 'search', weight: 7 },
    ]
    expect(weights(original, 25)).toEqual([
      ['web', 675],
      ['web-green', 225],
      ['search', 70],
    ])
    expect(weights(original, 0)).toEqual([
      ['web', 90],
      ['search', 7],
    ])
  })

  it('are those of the original again at 0, also where weights were left out', () => {
    const original = [{ name: 'web', port: 80 }]
    expect(refsOf(weighed(original, 0, within))).toBe(original)
  })

  it("take green's own entry where there is one already, and give its weight to blue at 0", () => {
    const original = [
      { name: 'web', weight: 3 },
      { name: 'web-green', weight: 1, port: 8080 },
      { name: 'search', weight: 4 },
    ]
    expect(weights(original, 0)).toEqual([
      ['web', 1],
      ['web-green', 0],
      ['search', 1],
    ])
    expect(refsOf(weighed(original, 50, within))).toEqual([
      { name: 'web', weight: 50 },
      { name: 'web-green', weight: 50, port: 8080 },
      { name: 'search', weight: 100 },
    ])
  })

  it('are refused where they would have to be larger than the API takes', () => {
    const answer = weighed(
      [
        { name: 'web', weight: 999_999 },
        { name: 'search', weight: 7 },
      ],
      1,
      within,
    )
    expect(answer).toMatchObject({ kind: 'refused', because: expect.stringContaining('1000000') })
  })

  it('hold for any backends and any whole percent', () => {
    const weight = fc.integer({ min: 0, max: 1_000 })
    const ref = (name: string) => fc.record({ name: fc.constant(name), weight })
    const original = fc.tuple(ref('web'), ref('web-canary'), ref('search'), ref('old'))
    fc.assert(
      fc.property(original, fc.integer({ min: 0, max: 100 }), (refs, percent) => {
        const [web, canary, search, old] = refs
        fc.pre(web.weight + canary.weight > 0)
        const result = refsOf(weighed(refs, percent, within))
        expect(shareOf({ backendRefs: result }, within)).toBe(percent)
        for (const each of result) expect(Number.isInteger(weightOf(each))).toBe(true)
        const sum = (list: readonly BackendRef[]) => list.reduce((all, each) => all + weightOf(each), 0)
        const [before, after] = [sum(refs), sum(result)]
        for (const other of [search, old]) {
          const now = result.find(({ name }) => name === other.name)
          expect((now?.weight ?? 0) * before).toBe(other.weight * after)
        }
        // Blue's own stay in their relation.
        const [a, b] = ['web', 'web-canary'].map((name) => result.find((each) => each.name === name)?.weight ?? 0)
        expect((a ?? 0) * canary.weight).toBe((b ?? 0) * web.weight)
        // Back again, by what is there alone.
        expect(shareOf({ backendRefs: withoutGreen(result, within) }, within)).toBe(0)
      }),
    )
  })
})
