import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Side } from '../../src/moves/goal.ts'
import { callFor } from '../../src/providers/contract/testing/harness.ts'
import { pausedReplicas } from '../../src/providers/kubernetes/autoscaler.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { surroundingKinds } from '../../src/providers/kubernetes/client/surrounding-kinds.ts'
import type { KubernetesProvider } from '../../src/providers/kubernetes/connect-kubernetes.ts'
import { clusterGiven, hasClusters, makeNamespace, okOf, soon } from './clusters.ts'
import { connectSide } from './connect-side.ts'
import { connectTo } from './connect-to.ts'
import { deploymentOf } from './contract-world.ts'
import { installKeda, removeKeda } from './keda-crds.ts'

const within = { timeout: 90_000, interval: 100 }
const annotationsOf = (
  object: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } } | null,
): Readonly<Record<string, string>> => object?.metadata?.annotations ?? {}

describe.skipIf(!hasClusters)('workloads under an autoscaler', () => {
  let clusters: Readonly<Record<Side, Cluster>>
  let namespaces: Readonly<Record<Side, string>>
  let sides: Readonly<Record<Side, KubernetesProvider>>
  beforeAll(async () => {
    clusters = { blue: await connectTo(clusterGiven('blue')), green: await connectTo(clusterGiven('green')) }
    await Promise.all([installKeda(clusters.blue), installKeda(clusters.green)])
  })
  // Each test gives its environments free in the end.
  beforeEach(async () => {
    namespaces = {
      blue: await makeNamespace(clusters.blue, 'scaled'),
      green: await makeNamespace(clusters.green, 'scaled'),
    }
    sides = {
      blue: connectSide(clusters, namespaces, 'blue'),
      green: connectSide(clusters, namespaces, 'green'),
    }
  })
  afterAll(async () => {
    for (const side of ['blue', 'green'] as const) {
      await removeKeda(clusters[side])
      await clusters[side].close()
    }
  })

  const read = (side: Side, service: string) => okOf(sides[side].workloads.read(service, soon()))
  const scale = (side: Side, service: string, replicas: number) =>
    okOf(sides[side].workloads.scale(callFor(service), service, replicas, { replicas: 8 }))
  const replicasOf = async (side: Side, name: string) => {
    const place = { namespace: namespaces[side], name }
    return (await okOf(clusters[side].client.get(kinds.deployments, place, { signal: soon() })))?.spec?.replicas
  }
  const hpaOf = (side: Side, name: string) =>
    okOf(
      clusters[side].client.get(
        surroundingKinds.autoscalers,
        { namespace: namespaces[side], name },
        { signal: soon() },
      ),
    )
  const limits = async (side: Side, name: string) => {
    const { minReplicas, maxReplicas } = (await hpaOf(side, name))?.spec ?? {}
    return [minReplicas, maxReplicas]
  }
  const makeOnBlue = async (name: string, replicas: number) =>
    okOf(
      clusters.blue.client.create(kinds.deployments, deploymentOf(namespaces.blue, name, replicas), { signal: soon() }),
    )
  /** Without metrics an HPA still keeps to its limits, which is what matters here. */
  const makeHpa = (name: string): Promise<HorizontalPodAutoscaler> =>
    okOf(
      clusters.blue.client.create(
        surroundingKinds.autoscalers,
        {
          apiVersion: 'autoscaling/v2',
          kind: 'HorizontalPodAutoscaler',
          metadata: { namespace: namespaces.blue, name },
          spec: {
            scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
            minReplicas: 2,
            maxReplicas: 8,
            metrics: [
              { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
            ],
          },
        },
        { signal: soon() },
      ),
    )

  it('have shares of the maximum of an HPA, sleep while it is off, and get their limits back', async () => {
    await Promise.all([makeOnBlue('web', 4), makeHpa('web')])
    await vi.waitFor(async () => expect(await read('blue', 'web')).toMatchObject({ desired: 8, ready: 4 }), within)
    expect(await read('blue', 'web')).toMatchObject({ autoscaled: { least: 2, held: false }, stamp: null })

    await scale('blue', 'web', 8)
    // As many as there were: no load falls into a gap while the move is under way.
    expect(await limits('blue', 'web')).toEqual([4, 8])
    const held = await read('blue', 'web')
    expect(held).toMatchObject({
      desired: 8,
      autoscaled: { least: 4, held: true },
      stamp: { baseline: { replicas: 8 } },
    })

    // What the autoscaler does by itself is nobody's change.
    const scaled = { kind: 'merge', body: { spec: { replicas: 6 } }, manager: 'autoscaler' } as const
    const place = { namespace: namespaces.blue, name: 'web' }
    await okOf(clusters.blue.client.patch(kinds.deployments, place, scaled, { signal: soon() }))
    await vi.waitFor(async () => expect(await read('blue', 'web')).toMatchObject({ ready: 6 }), within)
    expect(await read('blue', 'web')).toMatchObject({ desired: 8, revision: held.revision })

    await scale('blue', 'web', 2)
    expect(await limits('blue', 'web')).toEqual([1, 2])
    await vi.waitFor(async () => expect(await read('blue', 'web')).toMatchObject({ desired: 2, running: 2 }), within)
    expect(
      JSON.stringify(await okOf(clusters.blue.client.get(kinds.deployments, place, { signal: soon() }))),
    ).not.toMatch(/"manager":"titrate"[^}]*"f:replicas"/)

    await scale('blue', 'web', 0)
    await vi.waitFor(async () => {
      const { status } = (await hpaOf('blue', 'web')) ?? {}
      expect(status?.conditions).toContainEqual(expect.objectContaining({ reason: 'ScalingDisabled' }))
    }, within)
    expect(await read('blue', 'web')).toMatchObject({ desired: 0, running: 0, autoscaled: { least: 0 } })

    await scale('blue', 'web', 8)
    expect(await replicasOf('blue', 'web')).toBe(4)
    await sides.blue.claims.claim('shop', 1, soon())
    await okOf(sides.blue.claims.free('shop', 1, soon()))
    expect(await limits('blue', 'web')).toEqual([2, 8])
    expect(annotationsOf(await hpaOf('blue', 'web'))).toEqual({})
  })

  it("are copied with blue's limits of before, asleep, and wake with a share", async () => {
    await Promise.all([makeOnBlue('copied', 4), makeHpa('copied')])
    await vi.waitFor(async () => expect(await read('blue', 'copied')).toMatchObject({ desired: 8, ready: 4 }), within)
    await scale('blue', 'copied', 6)
    await okOf(sides.green.workloads.provision(callFor('copied'), 'copied', { replicas: 0 }))
    expect(await limits('green', 'copied')).toEqual([2, 8])
    await vi.waitFor(
      async () => expect(await read('green', 'copied')).toMatchObject({ desired: 0, running: 0 }),
      within,
    )

    await scale('green', 'copied', 2)
    expect([await limits('green', 'copied'), await limits('blue', 'copied')]).toEqual([
      [1, 2],
      [3, 6],
    ])
    const woken = { desired: 2, ready: 1, problem: null, autoscaled: { least: 1, held: true } }
    await vi.waitFor(async () => expect(await read('green', 'copied')).toMatchObject(woken), within)
    // The other way round, at once: the same call made twice is one.
    const call = callFor('copied')
    const twice = () => okOf(sides.green.workloads.scale(call, 'copied', 8, null))
    expect(await twice()).toEqual(await twice())
    expect(await limits('green', 'copied')).toEqual([4, 8])
  })

  it('of KEDA are paused at 0 from birth, and get back what it had', async () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: namespaces.blue, name: 'queue' },
    } as const
    const ask = { signal: soon() }
    await okOf(clusters.blue.client.create(kinds.secrets, { ...secret, stringData: { key: 'x' } }, ask))
    await okOf(
      clusters.blue.client.create(
        surroundingKinds.triggerAuthentications,
        {
          apiVersion: 'keda.sh/v1alpha1',
          kind: 'TriggerAuthentication',
          metadata: { namespace: namespaces.blue, name: 'queue' },
          spec: { secretTargetRef: [{ name: 'queue' }] },
        },
        ask,
      ),
    )
    const spec = {
      scaleTargetRef: { name: 'worker' },
      minReplicaCount: 0,
      maxReplicaCount: 10,
      triggers: [{ authenticationRef: { name: 'queue' } }],
    }
    const metadata = { namespace: namespaces.blue, name: 'worker' }
    const object = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata, spec }
    await makeOnBlue('worker', 3)
    await okOf(clusters.blue.client.create(surroundingKinds.scaledObjects, object, ask))
    await vi.waitFor(async () => expect(await read('blue', 'worker')).toMatchObject({ desired: 10, ready: 3 }), within)

    await okOf(sides.green.workloads.provision(callFor('worker'), 'worker', { replicas: 0 }))
    const scaledOn = (side: Side) =>
      okOf(
        clusters[side].client.get(
          surroundingKinds.scaledObjects,
          { namespace: namespaces[side], name: 'worker' },
          { signal: soon() },
        ),
      )
    expect(annotationsOf(await scaledOn('green'))[pausedReplicas]).toBe('0')
    expect((await scaledOn('green'))?.spec).toEqual(spec)
    const queue = { namespace: namespaces.green, name: 'queue' }
    expect(await okOf(clusters.green.client.get(kinds.secrets, queue, ask))).not.toBeNull()
    expect(await okOf(clusters.green.client.get(surroundingKinds.triggerAuthentications, queue, ask))).not.toBeNull()

    await scale('green', 'worker', 4)
    await scale('blue', 'worker', 6)
    expect((await scaledOn('green'))?.spec).toMatchObject({ minReplicaCount: 2, maxReplicaCount: 4 })
    expect((await scaledOn('blue'))?.spec).toMatchObject({ minReplicaCount: 2, maxReplicaCount: 6 })
    expect(annotationsOf(await scaledOn('green'))[pausedReplicas]).toBeUndefined()
    expect(await replicasOf('green', 'worker')).toBe(0)

    await scale('blue', 'worker', 0)
    expect(annotationsOf(await scaledOn('blue'))[pausedReplicas]).toBe('0')
    expect(await read('blue', 'worker')).toMatchObject({ desired: 0, running: 3 })
    for (const side of ['blue', 'green'] as const) {
      await sides[side].claims.claim('shop', 1, soon())
      await okOf(sides[side].claims.free('shop', 1, soon()))
      expect((await scaledOn(side))?.spec).toEqual(spec)
    }
    // What sleeps at the end goes on sleeping: its work is done on the other side.
    expect(annotationsOf(await scaledOn('blue'))).toEqual({ [pausedReplicas]: '0' })
  })
})
