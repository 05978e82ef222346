import { describe, expect, it } from 'vitest'
import type { ClusterRead } from '../clusters/cluster-read.ts'
import { aDeployment, objectsOf } from '../kubernetes/testing/build-objects.ts'
import { type Side, sides } from '../moves/goal.ts'
import { createInventories } from './cluster-inventories.ts'
import type { ClusterPair } from './cluster-pair.ts'

/** Two clusters with one service each, that count how often they are read. */
const twoClusters = () => {
  const reads = { blue: 0, green: 0 }
  const readOf = (side: Side) => async () => {
    reads[side] += 1
    const value: ClusterRead = {
      name: side,
      version: 'v1.32.0',
      namespaces: new Map([['shop', 'there']]),
      objects: objectsOf(aDeployment('cart')),
      notRead: [],
      served: [],
    }
    return { kind: 'ok' as const, value }
  }
  const pair = {
    clusters: { blue: { now: () => 1 }, green: { now: () => 1 } },
    namespaces: { blue: ['shop'], green: ['shop'] },
    title: { blue: 'blue/shop', green: 'green/shop' },
    names: { namespaces: new Map([['shop', 'shop']]), names: new Map(), suffix: '' },
    split: null,
    read: { blue: readOf('blue'), green: readOf('green') },
    // Of clusters nothing but their clock is asked here, and of places nothing at all.
  } as unknown as ClusterPair
  return { pair, reads }
}

describe('the inventories of two clusters', () => {
  const { signal } = new AbortController()

  it('come from one read of each, where both are asked for at once', async () => {
    const { pair, reads } = twoClusters()
    const inventoryOf = createInventories(pair)
    const key = Buffer.from('key')
    const seen = await Promise.all(sides.map((side) => inventoryOf(side)(key, signal)))
    expect(seen).toMatchObject([
      { kind: 'ok', value: { name: 'blue/shop', services: [{ name: 'cart' }] } },
      { kind: 'ok', value: { name: 'green/shop', services: [{ name: 'cart' }] } },
    ])
    expect(reads).toEqual({ blue: 1, green: 1 })
  })

  it('are read anew when they are asked for again, or with another key', async () => {
    const { pair, reads } = twoClusters()
    const inventoryOf = createInventories(pair)
    const [key, other] = [Buffer.from('key'), Buffer.from('other')]
    await inventoryOf('blue')(key, signal)
    await Promise.all([inventoryOf('blue')(key, signal), inventoryOf('green')(other, signal)])
    expect(reads).toEqual({ blue: 3, green: 3 })
  })
})
