import { afterEach, describe, expect, it, vi } from 'vitest'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { Resource } from '../../src/providers/kubernetes/client/resource.ts'
import type { GatewayOptions } from '../../src/providers/kubernetes/gateway/connect-gateway.ts'
import { httpRoutes } from '../../src/providers/kubernetes/gateway/http-route.ts'
import { clusterGiven, hasClusters, makeNamespace, okOf, soon } from './clusters.ts'
import { connectTo } from './connect-to.ts'
import { deploymentOf, serviceOf } from './contract-world.ts'
import { type GatewayWorld, openGatewayWorld, within } from './gateway-world.ts'
import { prompt } from './simulated-gateway.ts'

const grants: Resource = {
  ...{ group: 'gateway.networking.k8s.io', version: 'v1beta1', namespaced: true },
  ...{ plural: 'referencegrants', kind: 'ReferenceGrant' },
}

describe.skipIf(!hasClusters)('what stands in the way of users', () => {
  let world: GatewayWorld
  afterEach(async () => await world.close())

  const open = async (more: (namespace: string) => Partial<GatewayOptions> = () => ({})) => {
    world = await openGatewayWorld(prompt, more)
    await world.makeService('web', 1)
    await world.makeRoute('shop', [{ backendRefs: [{ name: 'web', port: 80 }] }])
    await world.gateway.catchUp()
    // Until its own watch has shown the provider all of it.
    await vi.waitFor(async () => {
      await okOf(world.provider.traffic.read('web', soon()))
      expect((await examine()).join(' ')).not.toContain('is not in force')
    }, within)
  }
  const examine = async (copied: ReadonlySet<string> = new Set()) =>
    (await world.provider.examine(['web'], copied, soon())).map(({ severity, message }) => `${severity}: ${message}`)
  const create = <T extends object>(resource: Resource, object: T) =>
    okOf(world.cluster.client.create(resource, object, { signal: soon() }))

  it('is that green has no backend yet; nothing, once it has', async () => {
    await open()
    expect(await examine()).toEqual([
      expect.stringMatching(/^blocks: Users can't be led to green: Service \S+\/web-green on blue: it is not there\./),
    ])
    await create(kinds.services, serviceOf(world.namespace, 'web-green'))
    await vi.waitFor(async () => expect(await examine()).toEqual([]), within)
  })

  it('is that another namespace does not permit it', async () => {
    const cluster = await connectTo(clusterGiven('blue'))
    const there = await makeNamespace(cluster, 'gateway')
    await cluster.close()
    await open((namespace) => ({ green: { kind: 'namespace', namespaces: { [namespace]: there }, suffix: '' } }))
    const refused = expect.stringContaining(`a ReferenceGrant in namespace ${there} has to permit it`)
    // Green's backend is no trouble where the release copies it, and is one where it does not.
    expect(await examine(new Set(['web']))).toEqual([refused])
    expect(await examine()).toEqual([expect.stringContaining("Users can't be led to green"), refused])
    await create(kinds.services, serviceOf(there, 'web'))
    await vi.waitFor(async () => expect(await examine()).toEqual([refused]), within)
    await create(grants, {
      apiVersion: 'gateway.networking.k8s.io/v1beta1',
      kind: 'ReferenceGrant',
      metadata: { namespace: there, name: 'from-blue' },
      spec: {
        from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: world.namespace }],
        to: [{ group: '', kind: 'Service' }],
      },
    })
    await vi.waitFor(async () => expect(await examine()).toEqual([]), within)
    await world.cluster.client.remove(kinds.namespaces, { name: there }, { signal: soon() })
  })

  it("is that blue's Service takes green's pods too, in a namespace that both share", async () => {
    await open((namespace) => ({
      split: { label: 'side', value: 'green' },
      blue: {
        namespaces: [namespace],
        serviceAt: async ({ name }) => ({ kind: 'ok', value: name }),
        isGreen: ({ side }) => side === 'green',
      },
    }))
    await create(kinds.services, serviceOf(world.namespace, 'web-green'))
    const copy = deploymentOf(world.namespace, 'web-green', 0)
    const labels = { app: 'web', side: 'green' }
    const template = { ...copy.spec?.template, metadata: { labels } }
    await create(kinds.deployments, { ...copy, spec: { ...copy.spec, selector: { matchLabels: labels }, template } })
    await vi.waitFor(
      async () => expect(await examine()).toEqual([expect.stringContaining('takes the pods of web-green too')]),
      within,
    )
  })

  it('is said of what applies the route from Git, with the setting that ends it', async () => {
    await open()
    await create(kinds.services, serviceOf(world.namespace, 'web-green'))
    const metadata = { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:x' } }
    const place = { namespace: world.namespace, name: 'shop' }
    await okOf(world.cluster.client.patch(httpRoutes, place, { kind: 'merge', body: { metadata } }, { signal: soon() }))
    await vi.waitFor(
      async () =>
        expect(await examine()).toEqual([
          expect.stringMatching(/^note: Argo CD would revert the weights of .*RespectIgnoreDifferences=true/),
        ]),
      within,
    )
  })

  it('is that no multi-cluster controller is there, where one was named', async () => {
    await open(() => ({ green: { kind: 'import', suffix: '' } }))
    expect(await examine()).toEqual([
      expect.stringMatching(/ServiceImport \S+\/web on blue: .*does not know serviceimports/),
    ])
  })
})
