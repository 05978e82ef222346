import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { callFor } from '../../src/providers/contract/testing/harness.ts'
import { label } from '../../src/providers/kubernetes/annotations.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { placeOf } from '../../src/providers/kubernetes/client/resource.ts'
import { endpointsOf } from '../../src/providers/kubernetes/gateway/endpoint-readiness.ts'
import { clusterGiven, hasClusters, makeNamespace, okOf, soon } from './clusters.ts'
import { connectTo } from './connect-to.ts'
import { deploymentOf, serviceOf } from './contract-world.ts'
import { type GatewayWorld, openGatewayWorld, untilReady, within } from './gateway-world.ts'
import { prompt } from './simulated-gateway.ts'

describe.skipIf(!hasClusters)('users of one cluster, and green in another', () => {
  let world: GatewayWorld
  let green: Cluster
  let there: string
  beforeEach(async () => {
    green = await connectTo(clusterGiven('green'))
    there = await makeNamespace(green, 'gateway')
    const onGreen = await connectTo(clusterGiven('green'))
    world = await openGatewayWorld(prompt, (namespace) => ({
      follow: { cluster: onGreen, namespaces: new Map([[namespace, there]]) },
    }))
    await world.makeService('web', 1)
    await world.makeRoute('shop', [{ backendRefs: [{ name: 'web', port: 80 }] }])
    await okOf(world.provider.claims.claim('shop', 1, soon()))
    return async () => await onGreen.close()
  })
  afterEach(async () => {
    await world.close()
    await green.client.remove(kinds.namespaces, { name: there }, { signal: soon() })
    await green.close()
  })

  const makeGreen = async (replicas: number) => {
    await okOf(green.client.create(kinds.services, serviceOf(there, 'web'), { signal: soon() }))
    await okOf(green.client.create(kinds.deployments, deploymentOf(there, 'web', replicas), { signal: soon() }))
  }
  const scaleGreen = async (replicas: number) => {
    const patch = { kind: 'merge', body: { spec: { replicas } } } as const
    await okOf(green.client.patch(kinds.deployments, { namespace: there, name: 'web' }, patch, { signal: soon() }))
  }
  const readyIn = (slices: readonly EndpointSlice[]) =>
    slices
      .flatMap(endpointsOf)
      .filter(({ conditions }) => conditions?.ready === true)
      .flatMap(({ addresses }) => addresses)
      .toSorted()
  const slicesOf = async ({ client }: Cluster, namespace: string, service: string) =>
    (
      await okOf(
        client.list(
          kinds.endpointSlices,
          { namespace, labels: `kubernetes.io/service-name=${service}` },
          { signal: soon() },
        ),
      )
    ).items
  const follows = (count: number) =>
    vi.waitFor(async () => {
      const wanted = readyIn(await slicesOf(green, there, 'web'))
      expect(wanted).toHaveLength(count)
      expect(readyIn(await slicesOf(world.cluster, world.namespace, 'web-green'))).toEqual(wanted)
    }, within)
  const ourService = () =>
    okOf(
      world.cluster.client.get(kinds.services, { namespace: world.namespace, name: 'web-green' }, { signal: soon() }),
    )

  it("are led to green's ready pods by a Service without a selector, wherever these go", async () => {
    await makeGreen(1)
    await okOf(world.provider.open(callFor('web'), 'web'))
    expect((await ourService())?.spec?.selector).toBe(undefined)
    await follows(1)
    const [slice] = await slicesOf(world.cluster, world.namespace, 'web-green')
    expect(slice?.metadata?.labels).toMatchObject({ 'endpointslice.kubernetes.io/managed-by': 'titrate.dev' })
    expect(slice?.ports).toMatchObject([{ port: 8080, protocol: 'TCP' }])
    await scaleGreen(3)
    await follows(3)
    await untilReady(world, 'web', { blue: true, green: true })

    await okOf(world.provider.traffic.setWeight(callFor('web'), 'web', 100, null))
    await world.gateway.catchUp()
    expect(await world.gateway.send('/', {})).toEqual({ status: 200, backend: 'web-green' })

    // Somebody writes to it: it is put right.
    const body = { endpoints: [] }
    const [own] = await slicesOf(world.cluster, world.namespace, 'web-green')
    await okOf(
      world.cluster.client.patch(kinds.endpointSlices, placeOf(own ?? {}), { kind: 'merge', body }, { signal: soon() }),
    )
    await follows(3)
    await scaleGreen(0)
    await follows(0)
    await untilReady(world, 'web', { blue: true, green: false })
  })

  it('keep their way for as long as a route has it, and no longer', async () => {
    await makeGreen(1)
    await okOf(world.provider.open(callFor('web'), 'web'))
    await follows(1)
    await untilReady(world, 'web', { blue: true, green: true })
    await okOf(world.provider.traffic.setWeight(callFor('web'), 'web', 100, null))
    await okOf(world.provider.close(callFor('web'), 'web'))
    expect(await ourService()).not.toBe(null)
    await okOf(world.provider.traffic.setWeight(callFor('web'), 'web', 0, null))
    await okOf(world.provider.close(callFor('web'), 'web'))
    await vi.waitFor(async () => {
      expect(await ourService()).toBe(null)
      expect(await slicesOf(world.cluster, world.namespace, 'web-green')).toEqual([])
    }, within)
    // Made anew at once, nothing of the one before is in its way.
    await okOf(world.provider.open(callFor('web'), 'web'))
    await follows(1)
  })

  it('are not led anywhere without a Service on green, nor over a Service of somebody else', async () => {
    expect(await world.provider.open(callFor('web'), 'web')).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining(`there is no services ${there}/web on green`),
    })
    await makeGreen(1)
    await okOf(world.cluster.client.create(kinds.services, serviceOf(world.namespace, 'web-green'), { signal: soon() }))
    expect(await world.provider.open(callFor('web'), 'web')).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('is there already, and not ours'),
    })
    expect((await ourService())?.metadata?.labels?.[label.follows]).toBe(undefined)
  })
})
