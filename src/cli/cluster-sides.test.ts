import { describe, expect, it } from 'vitest'
import { type SideFlags, sidesOf } from './cluster-sides.ts'

const none: SideFlags = {
  context: undefined,
  blueContext: undefined,
  greenContext: undefined,
  greenSelector: undefined,
  greenSuffix: undefined,
  kubeconfig: undefined,
  namespace: undefined,
  allNamespaces: false,
}
const ask = (flags: Partial<SideFlags>) => sidesOf({ ...none, ...flags }, (path) => `/here/${path}`)

describe('the sides that a check is asked for', () => {
  it('are one cluster, two clusters, two namespaces of one, or one namespace split by a label', () => {
    expect(ask({ context: 'a', kubeconfig: 'k' })).toEqual({
      blue: { context: 'a', kubeconfig: '/here/k', namespaces: { kind: 'context' } },
      green: null,
      split: null,
    })
    expect(ask({ blueContext: 'a', greenContext: 'b', allNamespaces: true }).green?.namespaces).toEqual({ kind: 'all' })
    const two = ask({ blueContext: 'a', greenContext: 'a', namespace: ['shop=shop-fargate'] })
    expect([two.blue.namespaces, two.green?.namespaces]).toEqual([
      { kind: 'named', names: ['shop'] },
      { kind: 'named', names: ['shop-fargate'] },
    ])
    expect(ask({ context: 'a', greenSelector: 'x.io/profile=shop' })).toMatchObject({
      green: { context: 'a' },
      split: { label: 'x.io/profile', value: 'shop', suffix: '-green' },
    })
  })

  it.each<[Partial<SideFlags>, string]>([
    [{ context: 'a', blueContext: 'b' }, 'either --context, or'],
    [{ blueContext: 'a' }, 'belong together'],
    [{ context: 'a', allNamespaces: true, namespace: ['x'] }, 'either --namespace or'],
    [{ context: 'a', namespace: ['x=y'] }, 'NAME=GREEN needs a green'],
    [{ context: 'a', namespace: ['X Y'] }, 'found "X Y"'],
    [{ blueContext: 'a', greenContext: 'a' }, 'the same namespaces of a'],
    [{ blueContext: 'a', greenContext: 'a', namespace: ['x=y', 'z'] }, 'the same namespaces of a'],
    [{ blueContext: 'a', greenContext: 'b', greenSelector: 'x=y' }, '--green-selector is for namespaces that both'],
    [{ context: 'a', greenSelector: 'x' }, 'expected one label'],
    [{ context: 'a', greenSuffix: '-g' }, '--green-suffix belongs to'],
  ])('are refused where they contradict each other: %j', (flags, message) => {
    expect(() => ask(flags)).toThrow(message)
  })
})
