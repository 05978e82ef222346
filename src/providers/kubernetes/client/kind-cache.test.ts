import { describe, expect, it } from 'vitest'
import { createKindCache } from './kind-cache.ts'
import type { KubernetesObject } from './resource.ts'

const objectOf = (
  name: string,
  version: number,
  more: Partial<KubernetesObject['metadata']> = {},
): KubernetesObject => ({
  metadata: { name, namespace: 'shop', resourceVersion: String(version), ...more },
})
const names = (objects: readonly KubernetesObject[]) => objects.map((each) => each.metadata?.name ?? '').toSorted()
const ownedBy = (uid: string) => ({ ownerReferences: [{ apiVersion: 'v1', kind: 'Job', name: 'a', uid }] })

describe('what is known of a kind', () => {
  it('is found by namespace, labels and owner', () => {
    const cache = createKindCache()
    cache.put(objectOf('a', 1, { labels: { app: 'x', tier: 'web' }, ...ownedBy('one') }))
    cache.put(objectOf('b', 2, { labels: { app: 'x' }, ...ownedBy('one') }))
    cache.put(objectOf('a', 3, { namespace: 'other', labels: { app: 'y' } }))
    expect(names(cache.list({ namespace: 'shop' }))).toEqual(['a', 'b'])
    expect(names(cache.list({ labels: { app: 'x', tier: 'web' } }))).toEqual(['a'])
    expect(names(cache.ownedBy('one'))).toEqual(['a', 'b'])
    cache.put(objectOf('b', 4, ownedBy('two')))
    expect([names(cache.ownedBy('one')), names(cache.ownedBy('two'))]).toEqual([['a'], ['b']])
    expect(cache.get({ namespace: 'other', name: 'a' })?.metadata?.labels).toEqual({ app: 'y' })
    expect(cache.size).toBe(3)
  })

  it('is found by labels of ours as well as by any, also after they have changed, and events by what they are about', () => {
    const cache = createKindCache()
    const ours = { 'titrate.dev/tombstone': 'invoices' }
    cache.put(objectOf('a', 1, { labels: { app: 'x', ...ours } }))
    cache.put(objectOf('b', 2, { namespace: 'other', labels: ours }))
    expect(names(cache.list({ labels: ours }))).toEqual(['a', 'b'])
    expect(names(cache.list({ labels: { ...ours, app: 'x' } }))).toEqual(['a'])
    expect(names(cache.list({ namespace: 'other', labels: ours }))).toEqual(['b'])
    cache.put(objectOf('a', 3, { labels: { app: 'x' } }))
    cache.remove(objectOf('b', 4, { namespace: 'other', labels: ours }))
    expect(cache.list({ labels: ours })).toEqual([])
    const event: KubernetesObject & { readonly involvedObject: { readonly uid: string } } = {
      ...objectOf('told', 5),
      involvedObject: { uid: 'one' },
    }
    cache.put(event)
    expect(names(cache.ownedBy('one'))).toEqual(['told'])
  })

  it('goes only forward: by number, not by letters', () => {
    const cache = createKindCache()
    cache.put(objectOf('a', 99))
    expect(cache.put(objectOf('a', 100))?.kind).toBe('changed')
    expect(cache.put(objectOf('a', 99))).toBeNull()
    expect(cache.remove(objectOf('a', 99))).toBeNull()
    expect(cache.remove(objectOf('a', 101))?.kind).toBe('removed')
    expect([cache.size, cache.ownedBy('one')]).toEqual([0, []])
  })

  it('says what a new list changed, and keeps what is newer than the list', () => {
    const cache = createKindCache()
    for (const object of [objectOf('same', 1), objectOf('gone', 2), objectOf('ours', 30)]) cache.put(object)
    const changes = cache.replace([objectOf('same', 1), objectOf('new', 15)], '20')
    expect(changes.map((each) => `${each.kind} ${each.object.metadata?.name}`)).toEqual(['removed gone', 'changed new'])
    expect(names(cache.list({}))).toEqual(['new', 'ours', 'same'])
  })
})
