import type { StatefulSet } from 'kubernetes-types/apps/v1.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Side, sides } from '../../src/moves/goal.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { placeOf } from '../../src/providers/kubernetes/client/resource.ts'
import { carriedOut, contextOf, openArena } from './arena.ts'
import { clusterGiven, hasClusters, okOf, soon } from './clusters.ts'
import { connectTo } from './connect-to.ts'
import { deploymentOf } from './contract-world.ts'

const replicas = 3

describe.skipIf(!hasClusters)('the numbered replicas of a StatefulSet', () => {
  let clusters: Readonly<Record<Side, Cluster>>
  beforeAll(async () => {
    clusters = { blue: await connectTo(clusterGiven('blue')), green: await connectTo(clusterGiven('green')) }
  })
  afterAll(async () => void (await Promise.all([clusters.blue.close(), clusters.green.close()])))

  it('go to green and back one at a time, and none ever runs on both', async () => {
    const arena = await openArena(clusters, 'shards')
    const { template } = deploymentOf(arena.namespace.blue, 'shards', 1).spec ?? { template: {} }
    const spec = { replicas, serviceName: 'shards', selector: { matchLabels: { app: 'shards' } }, template }
    const metadata = { namespace: arena.namespace.blue, name: 'shards' }
    const set: StatefulSet = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec }
    await okOf(clusters.blue.client.create(kinds.statefulSets, set, { signal: soon() }))

    /** Pods that are there, by side, and every name that was on both at once. */
    const there: Record<Side, Set<string>> = { blue: new Set(), green: new Set() }
    const twice: string[] = []
    const ended = new AbortController()
    for (const side of sides) {
      clusters[side].watches.of(kinds.pods, { namespace: arena.namespace[side] }).onChange((change) => {
        const { name } = placeOf(change.object)
        if (change.kind === 'removed') there[side].delete(name)
        else there[side].add(name)
        if (there.blue.has(name) && there.green.has(name)) twice.push(name)
      }, ended.signal)
    }

    const engine = arena.connect()
    const facts = { hasSchedule: false, baseline: { blue: { replicas }, green: { replicas: 0, of: replicas } } }
    let version = 0
    const carry = (goal: Parameters<typeof carriedOut>[0]) => {
      version += 1
      const context = contextOf(engine, 'shards', { version, facts })
      return carriedOut(goal, { ...context, intent: `shards/workload/${version}` })
    }
    const shift = (green: number) => carry({ kind: 'workload', blue: replicas - green, green, exclusive: false })
    const names = (side: Side) => [...there[side]].toSorted()

    await carry({ kind: 'provision' })
    await shift(1)
    expect([names('blue'), names('green')]).toEqual([['shards-0', 'shards-1'], ['shards-2']])
    await shift(3)
    expect([names('blue'), names('green')]).toEqual([[], ['shards-0', 'shards-1', 'shards-2']])
    await shift(0)
    expect([names('blue'), names('green')]).toEqual([['shards-0', 'shards-1', 'shards-2'], []])
    expect(twice).toEqual([])
    ended.abort()
    arena.end()
  })
})
