import { describe, expect, it } from 'vitest'
import { type SideFlags, sidesOf } from './cluster-sides.ts'

const none: SideFlags = {
  context: undefined,
  blueContext: undefined,
  greenContext: undefined,
  selector: undefined,
  suffix: undefined,
  kubeconfig: undefined,
  namespace: undefined,
  greenNamespace: undefined,
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
    const two = ask({ blueContext: 'a', greenContext: 'a', namespace: ['shop'], greenNamespace: ['shop-fargate'] })
    expect([two.blue.namespaces, two.green?.namespaces]).toEqual([
      { kind: 'named', names: ['shop'] },
      { kind: 'named', names: ['shop-fargate'] },
    ])
    expect(ask({ context: 'a', selector: 'x.io/profile=shop' })).toMatchObject({
      green: { context: 'a' },
      split: { label: 'x.io/profile', value: 'shop', suffix: '-green' },
    })
  })

  it.each<[Partial<SideFlags>, string]>([
    [{ context: 'a', blueContext: 'b' }, 'either --context, or'],
    [{ blueContext: 'a' }, 'belong together'],
    [{ context: 'a', allNamespaces: true, namespace: ['x'] }, 'either --namespace or'],
    [{ context: 'a', namespace: ['x', 'y'], greenNamespace: ['z'] }, 'names 1, --namespace 2'],
    [{ blueContext: 'a', greenContext: 'b', greenNamespace: ['z'] }, 'names 1, --namespace 0'],
    [{ context: 'a', namespace: ['X Y'] }, 'found "X Y"'],
    [{ blueContext: 'a', greenContext: 'a' }, 'the same namespaces of a'],
    [
      { blueContext: 'a', greenContext: 'a', namespace: ['x', 'z'], greenNamespace: ['y', 'z'] },
      'the same namespaces of a',
    ],
    [{ blueContext: 'a', greenContext: 'b', selector: 'x=y' }, '--selector is for namespaces that both'],
    [{ context: 'a', selector: 'x' }, 'expected one label'],
    [{ context: 'a', suffix: '-g' }, '--suffix belongs to'],
  ])('are refused where they contradict each other: %j', (flags, message) => {
    expect(() => ask(flags)).toThrow(message)
  })
})
