import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Side } from '../../src/moves/goal.ts'
import { callFor } from '../../src/providers/contract/testing/harness.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { KubernetesProvider } from '../../src/providers/kubernetes/connect-kubernetes.ts'
import { clusterGiven, hasClusters, makeNamespace, okOf, soon } from './clusters.ts'
import { connectSide } from './connect-side.ts'
import { connectTo } from './connect-to.ts'
import { cronJobOf, deploymentOf } from './contract-world.ts'
import { does, takes } from './stages.ts'

const within = { timeout: 60_000, interval: 50 }

describe.skipIf(!hasClusters)('workloads of two real clusters', () => {
  let clusters: Readonly<Record<Side, Cluster>>
  let namespaces: Readonly<Record<Side, string>>
  let green: KubernetesProvider
  beforeAll(async () => {
    clusters = { blue: await connectTo(clusterGiven('blue')), green: await connectTo(clusterGiven('green')) }
    namespaces = {
      blue: await makeNamespace(clusters.blue, 'shop'),
      green: await makeNamespace(clusters.green, 'shop'),
    }
    green = connectSide(clusters, namespaces, 'green')
  })
  afterAll(async () => void (await Promise.all([clusters.blue.close(), clusters.green.close()])))

  const playing = (name: string, annotations: Record<string, string>): Deployment => {
    const made = deploymentOf(namespaces.blue, name, 2)
    const { spec } = made
    return {
      ...made,
      spec: {
        ...spec,
        template: { ...spec?.template, metadata: { labels: { app: name }, annotations } },
      } as NonNullable<Deployment['spec']>,
    }
  }
  const read = (service: string) => okOf(green.workloads.read(service, soon()))
  const makeOnBlue = (deployment: Deployment) =>
    okOf(clusters.blue.client.create(kinds.deployments, deployment, { signal: soon() }))

  it("makes green's copy from blue's object: asleep from birth, ours, and stamped", async () => {
    await makeOnBlue(playing('web', {}))
    await okOf(green.workloads.provision(callFor('web'), 'web', { replicas: 0 }))
    const copy = await okOf(
      clusters.green.client.get(kinds.deployments, { namespace: namespaces.green, name: 'web' }, { signal: soon() }),
    )
    expect(copy?.spec?.replicas).toBe(0)
    expect(copy?.spec?.template.spec?.containers[0]?.image).toBe('registry.example/web:1')
    expect(JSON.stringify(copy)).toContain('"manager":"titrate","operation":"Apply"')
    expect(await read('web')).toMatchObject({
      desired: 0,
      running: 0,
      version: 'web:1',
      stamp: { baseline: { replicas: 0 } },
    })

    await okOf(
      clusters.blue.client.create(kinds.cronJobs, cronJobOf(namespaces.blue, 'nightly', { suspend: false }), {
        signal: soon(),
      }),
    )
    await okOf(green.workloads.provision(callFor('nightly'), 'nightly', null))
    expect(await okOf(green.schedules.read('nightly', soon()))).toMatchObject({
      suspended: true,
      cursor: null,
      newestRun: null,
    })
    expect(await green.workloads.provision(callFor('nothing'), 'nothing', null)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('there is no nothing to copy'),
    })
  })

  it.each([
    ['crash', { [does]: 'crash' }, /container main waits \(CrashLoopBackOff.*ended with code 3 \(Error\), 4 restarts/],
    ['image', { [does]: 'image' }, /container main waits \(ImagePullBackOff/],
  ])('says why pods that %s are not ready', async (name, annotations, problem) => {
    await makeOnBlue(playing(name, annotations))
    await okOf(green.workloads.provision(callFor(name), name, null))
    await okOf(green.workloads.scale(callFor(name), name, 1, null))
    await vi.waitFor(async () => expect((await read(name)).problem).toMatch(problem), within)
    expect((await read(name)).ready).toBe(0)
  })

  it('says that it is on the way while pods start slowly, then nothing', async () => {
    // They take as long as the test wants: until it lets them be of another version, which starts at once.
    await makeOnBlue(playing('slow', { [does]: 'slow', [takes]: '1h' }))
    await okOf(green.workloads.provision(callFor('slow'), 'slow', null))
    await okOf(green.workloads.scale(callFor('slow'), 'slow', 2, null))
    await vi.waitFor(
      async () => expect(await read('slow')).toMatchObject({ running: 2, problem: '0 of 2 replicas are ready' }),
      within,
    )
    const patch = {
      kind: 'merge',
      body: { spec: { template: { metadata: { annotations: { [does]: null } } } } },
    } as const
    const place = { namespace: namespaces.green, name: 'slow' }
    await okOf(clusters.green.client.patch(kinds.deployments, place, patch, { signal: soon() }))
    await vi.waitFor(async () => expect(await read('slow')).toMatchObject({ ready: 2, problem: null }), within)
  })

  it('says that a quota, or the lack of a node, is in the way', async () => {
    const quotas = { group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', namespaced: true }
    await makeOnBlue(playing('big', {}))
    await okOf(green.workloads.provision(callFor('big'), 'big', null))
    const patch = {
      kind: 'merge',
      body: { spec: { template: { spec: { nodeSelector: { nowhere: 'yes' } } } } },
    } as const
    await okOf(
      clusters.green.client.patch(kinds.deployments, { namespace: namespaces.green, name: 'big' }, patch, {
        signal: soon(),
      }),
    )
    await okOf(green.workloads.scale(callFor('big'), 'big', 1, null))
    await vi.waitFor(
      async () => expect((await read('big')).problem).toMatch(/finds no node: .*nodes are available/),
      within,
    )

    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { namespace: namespaces.green, name: 'none' },
      spec: { hard: { pods: '1' } },
    }
    await okOf(clusters.green.client.create(quotas, quota, { signal: soon() }))
    await makeOnBlue(playing('full', {}))
    await okOf(green.workloads.provision(callFor('full'), 'full', null))
    await okOf(green.workloads.scale(callFor('full'), 'full', 1, null))
    await vi.waitFor(
      async () => expect((await read('full')).problem).toMatch(/can't be made: .*exceeded quota: none/),
      within,
    )
    await okOf(clusters.green.client.remove(quotas, { namespace: namespaces.green, name: 'none' }, { signal: soon() }))
  })

  it('says that admission is in the way of a StatefulSet, which has no condition for it', async () => {
    const { client } = clusters.green
    const { template } = deploymentOf(namespaces.green, 'set', 1).spec ?? { template: {} }
    const spec = { replicas: 0, serviceName: 'set', selector: { matchLabels: { app: 'set' } }, template }
    const metadata = { namespace: namespaces.green, name: 'set' }
    const set: StatefulSet = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec }
    await okOf(client.create(kinds.statefulSets, set, { signal: soon() }))
    // What a webhook does that refuses pods, without one to be run: limits that its pods don't keep.
    const limits = { group: '', version: 'v1', plural: 'limitranges', kind: 'LimitRange', namespaced: true }
    const limit = {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: { namespace: namespaces.green, name: 'asks' },
      spec: { limits: [{ type: 'Pod', min: { cpu: '1' } }] },
    }
    await okOf(client.create(limits, limit, { signal: soon() }))
    await vi.waitFor(async () => expect((await read('set')).desired).toBe(0), within)
    await okOf(green.workloads.scale(callFor('set'), 'set', 1, null))
    await vi.waitFor(
      async () => expect((await read('set')).problem).toMatch(/^pods can't be made: .*is forbidden: minimum cpu usage/),
      within,
    )
    await okOf(client.remove(limits, { namespace: namespaces.green, name: 'asks' }, { signal: soon() }))
  })
})
