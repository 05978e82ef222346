import { describe, expect, vi } from 'vitest'
import { callFor } from '../../src/providers/contract/testing/harness.ts'
import { type TrafficHarness, testTraffic } from '../../src/providers/contract/testing/traffic.ts'
import { hasClusters, okOf, soon } from './clusters.ts'
import { openGatewayWorld, untilReady, within } from './gateway-world.ts'

const createHarness = async (): Promise<TrafficHarness> => {
  const world = await openGatewayWorld({
    conditionsAfterMs: 'never',
    trafficAfterMs: 0,
    accepted: true,
    resolved: true,
  })
  const { provider, gateway } = world
  await Promise.all([world.makeService('web', 1), world.makeService('web-green', 1)])
  await world.makeRoute('shop', [{ backendRefs: [{ name: 'web', port: 80 }] }])
  await untilReady(world, 'web', { blue: true, green: true })
  return {
    traffic: provider.traffic,
    claims: provider.claims,
    service: 'web',
    setByHand: async (green) => {
      const weightOf = (name: string) => (name === 'web' ? 100 - green : green)
      await world.changeRules('shop', ([rule]) => [
        { ...rule, backendRefs: (rule?.backendRefs ?? []).map((ref) => ({ ...ref, weight: weightOf(ref.name) })) },
      ])
      // Its own watch tells the provider.
      const isSeen = async () => expect((await okOf(provider.traffic.read('web', soon()))).green).toBe(green)
      await vi.waitFor(isSeen, within)
    },
    // A gateway gives an unready side's share 503, and not to the other side.
    setReady: null,
    send: async (headers) => {
      if ('titrate-side' in headers) await okOf(provider.open(callFor('web'), 'web'))
      await gateway.catchUp()
      const { backend } = await gateway.send('/', headers)
      return backend === 'web-green' ? 'green' : 'blue'
    },
    // The weights are in etcd: a crash of ours takes none away, and the next test is one by itself.
    crash: null,
    close: () => world.close(),
  }
}

describe.skipIf(!hasClusters)('contract', () => {
  testTraffic('the Gateway API', createHarness, {
    fences: true,
    claims: true,
    crash: false,
    send: true,
    testRoute: true,
    setReady: false,
  })
})
