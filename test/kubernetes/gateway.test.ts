import { afterEach, describe, expect, it, vi } from 'vitest'
import { carryOut } from '../../src/engine/carry-out.ts'
import type { WeightSeen } from '../../src/engine/ports.ts'
import { systemClock } from '../../src/main/clock.ts'
import { callFor } from '../../src/providers/contract/testing/harness.ts'
import { annotation, label } from '../../src/providers/kubernetes/annotations.ts'
import { connectKubernetes } from '../../src/providers/kubernetes/connect-kubernetes.ts'
import { httpRoutes, type RouteRule } from '../../src/providers/kubernetes/gateway/http-route.ts'
import type { Sight } from '../../src/providers/kubernetes/gateway/shift-progress.ts'
import { hasClusters, okOf, soon } from './clusters.ts'
import { type GatewayWorld, openGatewayWorld, untilReady, within } from './gateway-world.ts'
import { prompt, type Reaction } from './simulated-gateway.ts'

/** As it was measured with a real gateway, at its slowest. */
const late: Reaction = { ...prompt, conditionsAfterMs: 300, trafficAfterMs: 2_000 }

const rules: readonly RouteRule[] = [
  { matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs: [{ name: 'web', port: 80 }] },
  {
    matches: [{ path: { type: 'PathPrefix', value: '/search' } }],
    backendRefs: [
      { name: 'web', port: 80, weight: 9 },
      { name: 'search', port: 80, weight: 1 },
    ],
  },
  { matches: [{ path: { type: 'PathPrefix', value: '/old' } }], backendRefs: [{ name: 'old', port: 80 }] },
]

const weightsIn = (all: readonly RouteRule[] | undefined) =>
  (all ?? []).map(({ backendRefs }) => (backendRefs ?? []).map(({ name, weight }) => `${name} ${weight ?? 1}`))

describe.skipIf(!hasClusters)('user traffic by HTTPRoutes', () => {
  let world: GatewayWorld
  afterEach(async () => await world.close())

  const open = async (reaction: Reaction, sight: Sight | null = null) => {
    world = await openGatewayWorld(reaction, () => ({ sight }))
    await Promise.all(['web', 'web-green', 'search', 'old'].map((name) => world.makeService(name, 1)))
    await world.makeRoute('shop', rules)
    await world.makeRoute('api', [{ backendRefs: [{ name: 'web', port: 80 }] }])
    await untilReady(world, 'web', { blue: true, green: true })
  }
  const read = (): Promise<WeightSeen> => okOf(world.provider.traffic.read('web', soon()))
  const set = (green: number) => world.provider.traffic.setWeight(callFor('web'), 'web', green, { green: 0 })
  const generations = async () =>
    Promise.all(['shop', 'api'].map(async (name) => (await world.route(name)).metadata?.generation ?? 0))
  /** As the engine does it: attempt after attempt, until the goal holds. */
  const shift = async (green: number, signal = AbortSignal.timeout(60_000)) => {
    const { fence, intent } = callFor('web')
    const environment = { cluster: world.cluster, namespace: world.namespace, side: 'green' } as const
    const side = connectKubernetes({
      environment,
      source: null,
      inventory: async () => ({ kind: 'refused', because: 'not read here' }),
    })
    let memo: unknown
    for (;;) {
      const attempt = await carryOut(
        { kind: 'weights', green },
        {
          service: 'web',
          blue: side,
          green: side,
          traffic: world.provider.traffic,
          intent,
          fence,
          actUntil: systemClock.now() + 60_000,
          facts: {
            hasSchedule: false,
            suspended: false,
            missed: 'latest',
            assumeDead: null,
            knownRun: null,
            baseline: { blue: { green: 0 }, green: null },
          },
          clock: systemClock,
          signal,
          memo,
        },
      )
      if (attempt.kind !== 'waiting') return attempt
      memo = attempt.memo
      await systemClock.sleep(attempt.until, signal)
    }
  }

  it('goes 0, 25, 100 and back to 0 by a late gateway, in one write for each route, other backends left alone', async () => {
    await open(late)
    const before = (await world.route('shop')).spec
    for (const percent of [25, 100]) {
      const written = await generations()
      expect(await shift(percent)).toMatchObject({
        kind: 'done',
        result: { green: percent, shown: 'accepted, not seen' },
      })
      expect(await generations()).toEqual(written.map((each) => each + 1))
      // Not before the gateway has moved traffic, although its conditions said so long before.
      expect(world.gateway.movedAt('shop', (await world.route('shop')).metadata?.generation ?? 0)).not.toBe(null)
      expect(weightsIn((await world.route('shop')).spec?.rules)).toEqual([
        [`web ${100 - percent}`, `web-green ${percent}`],
        [`web ${9 * (100 - percent)}`, `web-green ${9 * percent}`, 'search 100'],
        ['old 1'],
      ])
    }
    expect(await world.gateway.send('/', {})).toMatchObject({ status: 200, backend: 'web-green' })
    const written = await generations()
    expect(await shift(0)).toMatchObject({ kind: 'done', result: { before: 100, green: 0 } })
    expect(await generations()).toEqual(written.map((each) => each + 1))
    expect((await world.route('shop')).spec).toEqual(before)
    expect(await world.gateway.send('/', {})).toMatchObject({ status: 200, backend: 'web' })

    await okOf(world.provider.claims.free('shop', 1, soon()))
    expect((await world.route('shop')).metadata?.annotations?.[annotation.traffic]).toBe(undefined)
  })

  it('calls a shift seen once figures show it, and waits for them while they do not', async () => {
    const counts = { blue: 0, green: 0 }
    await open(prompt, {
      name: 'metrics',
      counts: async () => ({ kind: 'ok', value: new Map([['web', { ...counts }]]) }),
    })
    await okOf(set(50))
    await vi.waitFor(async () => {
      counts.blue += 10
      expect((await read()).shift).toMatchObject({
        kind: 'pending',
        because: expect.stringContaining('not seen by metrics'),
      })
    }, within)
    expect(await read()).toMatchObject({ green: 50, effectiveGreen: 0 })
    await vi.waitFor(async () => {
      counts.blue += 5
      counts.green += 5
      expect((await read()).shift).toEqual({ kind: 'seen', by: 'metrics' })
    }, within)
    expect(await read()).toMatchObject({ green: 50, effectiveGreen: 50 })
  })

  it('does not take a shift for done that the gateway refuses, or does not answer, and says why', async () => {
    await open({ ...prompt, resolved: false })
    await okOf(set(25))
    const pending = (because: string) => ({ kind: 'pending', because: expect.stringContaining(because) })
    await vi.waitFor(
      async () =>
        expect((await read()).shift).toMatchObject(
          pending('edge says ResolvedRefs is False (BackendNotFound: said by'),
        ),
      within,
    )
    expect(await read()).toMatchObject({ green: 25, effectiveGreen: 0 })
    world.gateway.reacts({ ...prompt, conditionsAfterMs: 'never' })
    await okOf(set(50))
    expect((await read()).shift).toMatchObject(pending('edge has not seen its last change yet'))
    await world.gateway.catchUp()
    await vi.waitFor(async () => expect((await read()).shift).toEqual({ kind: 'accepted' }), within)
    expect(await read()).toMatchObject({ green: 50, effectiveGreen: 50 })
  })

  it('raises nothing to a green of which nobody is ready, and takes it down all the same', async () => {
    await open(prompt)
    await okOf(set(25))
    await world.scale('web-green', 0)
    await untilReady(world, 'web', { blue: true, green: false })
    expect(await set(50)).toMatchObject({
      kind: 'conflict',
      because: expect.stringContaining('web-green has no ready endpoint'),
    })
    expect(await set(25)).toMatchObject({ kind: 'ok' })
    expect(await set(0)).toMatchObject({ kind: 'ok' })
    expect(weightsIn((await world.route('shop')).spec?.rules)[0]).toEqual(['web 1'])
  })

  it("shows somebody's change in one rule of many, and what they added stays when it goes back", async () => {
    await open(prompt)
    await okOf(set(25))
    const changed = (by: (rule: RouteRule, index: number) => RouteRule) =>
      world.changeRules('shop', (all) => all.map(by))
    await changed((rule, index) =>
      index === 1
        ? {
            ...rule,
            backendRefs: [
              { name: 'web', port: 80, weight: 900 },
              { name: 'search', port: 80, weight: 300 },
            ],
          }
        : rule,
    )
    await vi.waitFor(async () => expect((await read()).green).toBe(0), within)
    await okOf(set(50))
    expect(await read()).toMatchObject({ green: 50 })
    expect(weightsIn((await world.route('shop')).spec?.rules)[1]).toEqual(['web 450', 'web-green 450', 'search 300'])
    await okOf(set(0))
    expect(weightsIn((await world.route('shop')).spec?.rules)).toEqual([
      ['web 1'],
      ['web 900', 'search 300'],
      ['old 1'],
    ])
  })

  it('lets testers reach green by a route of its own, and takes that away again', async () => {
    await open(prompt)
    await okOf(world.provider.open(callFor('web'), 'web'))
    expect(world.provider.traffic.testRoute('web')).toEqual({
      url: 'http://shop.example',
      header: 'titrate-side',
      value: 'green',
    })
    await world.gateway.catchUp()
    const tester = { 'titrate-side': 'green' }
    for (const path of ['/', '/search/x']) {
      expect(await world.gateway.send(path, tester)).toMatchObject({ status: 200, backend: 'web-green' })
    }
    expect(await world.gateway.send('/', {})).toMatchObject({ backend: 'web' })
    // The service's own route is as it was, and is read as such.
    expect(await read()).toMatchObject({ green: 0, stamp: null })
    await okOf(world.provider.close(callFor('web'), 'web'))
    const { items } = await okOf(
      world.cluster.client.list(httpRoutes, { namespace: world.namespace }, { signal: soon() }),
    )
    expect(items.filter(({ metadata }) => metadata?.labels?.[label.testRoute] !== undefined)).toEqual([])
  })

  it('writes the weights of several services in one route beside each other', async () => {
    await open(prompt)
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    await Promise.all(names.flatMap((name) => [world.makeService(name, 1), world.makeService(`${name}-green`, 1)]))
    await world.makeRoute(
      'many',
      names.map((name) => ({
        matches: [{ path: { type: 'PathPrefix', value: `/${name}` } }],
        backendRefs: [{ name, port: 80 }],
      })),
    )
    await Promise.all(names.map((name) => untilReady(world, name, { blue: true, green: true })))
    const { traffic } = world.provider
    const set50 = (name: string) => okOf(traffic.setWeight(callFor(name), name, 50, null))
    await Promise.all(names.map(set50))
    expect(weightsIn((await world.route('many')).spec?.rules)).toEqual(
      names.map((name) => [`${name} 50`, `${name}-green 50`]),
    )
    await okOf(traffic.setWeight(callFor('c'), 'c', 0, null))
    expect(await okOf(traffic.read('b', soon()))).toMatchObject({ green: 50 })
    expect(await okOf(traffic.read('c', soon()))).toMatchObject({ green: 0 })
  })
})
