/** Everything back from the clusters alone, by a program that knows nothing, while green's API server is dead. */
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type BreakGlassReport, breakGlass } from '../../src/engine/break-glass.ts'
import { carryOut } from '../../src/engine/carry-out.ts'
import { systemClock } from '../../src/main/clock.ts'
import type { Side } from '../../src/moves/goal.ts'
import { type Cluster, connectCluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import {
  createRouterWorld,
  get,
  type RouterWorld,
  type RunningRouter,
} from '../../src/providers/proxy/testing/router-world.ts'
import { type Arena, carriedOut, contextOf, makeCronJobs, minute, openArena } from './arena.ts'
import { clusterGiven, hasOwnClusters, okOf, soon } from './clusters.ts'
import { connectTo, realDeps } from './connect-to.ts'
import { deploymentOf } from './contract-world.ts'
import { kubeconfigOf } from './control-plane.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'

const within = { timeout: 3 * minute, interval: 200 }

describe.skipIf(!hasOwnClusters)('breaking the glass on clusters', () => {
  let clusters: Readonly<Record<Side, Cluster>>
  let arena: Arena
  let proxy: FaultProxy
  let folder: string
  let routers: RouterWorld
  let router: RunningRouter
  const opened: Cluster[] = []
  /** A process of its own, as far as connections go; it reaches green only through the proxy. */
  const connectAnew = async () => {
    const { token } = clusterGiven('green')
    const file = join(folder, `green-${opened.length}`)
    writeFileSync(file, kubeconfigOf('green', proxy.server, proxy.authority, { token }))
    const green = await connectCluster({ file, context: null, requestsPerSecond: 500 }, realDeps)
    const blue = await connectTo(clusterGiven('blue'))
    opened.push(blue, green)
    return arena.connect({ blue, green })
  }
  const breakIt = async (assumeDead: Side | null): Promise<BreakGlassReport> =>
    breakGlass({
      release: 'shop',
      by: 'ann',
      because: 'green is gone',
      services: [
        { name: 'shop', exclusive: false, hasSchedule: false },
        { name: 'invoices', exclusive: false, hasSchedule: true },
      ],
      ...(await connectAnew()),
      router,
      assumeDead,
      limitMs: 12_000,
      clock: systemClock,
      signal: AbortSignal.timeout(2 * minute),
    })
  const lane = ({ services }: BreakGlassReport, service: string, of: string) =>
    services.find((each) => each.service === service && each.lane === of)
  const isSuspendedOnBlue = async () => {
    const place = { namespace: arena.namespace.blue, name: 'invoices' }
    return (await okOf(clusters.blue.client.get(kinds.cronJobs, place, { signal: soon() })))?.spec?.suspend
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'titrate-break-glass-test-'))
    proxy = await startFaultProxy(clusterGiven('green'))
    clusters = { blue: await connectTo(clusterGiven('blue')), green: await connectTo(clusterGiven('green')) }
    arena = await openArena(clusters, 'glass')
    routers = await createRouterWorld()
    await routers.backend('blue')
    await routers.backend('green')
    router = await routers.run()
  })
  afterAll(async () => {
    arena.end()
    await Promise.all([...opened, clusters.blue, clusters.green].map((each) => each.close()))
    await proxy.close()
    await routers.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('brings users and replicas back at once, and schedules once green is declared dead', async () => {
    await makeCronJobs(clusters.blue, arena.namespace.blue, ['invoices'])
    const shop = deploymentOf(arena.namespace.blue, 'shop', 2)
    await okOf(clusters.blue.client.create(kinds.deployments, shop, { signal: soon() }))
    const engine = await connectAnew()
    for (const each of [engine.blue.claims, engine.green.claims, router.claims])
      await okOf(each.claim('shop', 1, soon()))
    await carriedOut({ kind: 'provision' }, contextOf(engine, 'invoices', { version: 1 }))
    const facts = { hasSchedule: false, baseline: { blue: { replicas: 2, green: 0 }, green: { replicas: 0 } } }
    const shopAt = (version: number) => ({
      ...contextOf(engine, 'shop', { version, facts }),
      traffic: router.traffic,
    })
    await carriedOut({ kind: 'provision' }, shopAt(1))
    await carriedOut({ kind: 'workload', blue: 1, green: 1, exclusive: false }, shopAt(2))
    await carriedOut({ kind: 'weights', green: 50 }, shopAt(3))
    await carriedOut({ kind: 'schedule', owner: 'green' }, contextOf(engine, 'invoices', { version: 2 }))
    expect(await isSuspendedOnBlue()).toBe(true)

    await proxy.shut()
    const first = await breakIt(null)
    expect(first.marks.filter(({ left }) => !left)).toHaveLength(1)
    expect(lane(first, 'shop', 'weights')).toMatchObject({ outcome: 'done' })
    const texts = await Promise.all(Array.from({ length: 40 }, async () => (await get(router.url)).text))
    expect(new Set(texts)).toEqual(new Set(['blue']))
    const blueShop = { namespace: arena.namespace.blue, name: 'shop' }
    const onBlue = await okOf(clusters.blue.client.get(kinds.deployments, blueShop, { signal: soon() }))
    expect(onBlue?.spec?.replicas).toBe(2)
    expect(lane(first, 'invoices', 'schedule')).toMatchObject({
      outcome: 'not done',
      because: expect.stringContaining('--assume-dead green'),
    })
    expect(lane(first, 'invoices', 'workload')).toMatchObject({ outcome: 'untouched' })
    expect(await isSuspendedOnBlue()).toBe(true)

    const second = await breakIt('green')
    expect(lane(second, 'invoices', 'schedule')).toMatchObject({ outcome: 'done', result: { owner: 'blue' } })
    expect(await isSuspendedOnBlue()).toBe(false)
    const before = Date.now()
    await vi.waitFor(() => {
      const ticks = [...(arena.runs.get('invoices') ?? [])].filter(([, sides]) => sides.includes('blue'))
      expect(Math.max(0, ...ticks.map(([tick]) => tick))).toBeGreaterThan(before)
    }, within)

    // The engine that was at work when the glass was broken acts no more; its green is still out of reach.
    const late = await carryOut(
      { kind: 'schedule', owner: 'green' },
      contextOf({ blue: engine.blue, green: arena.connect().green }, 'invoices', { version: 4 }),
    )
    expect(late).toMatchObject({
      kind: 'refused',
      because: expect.stringMatching(/ann stopped environment|older than|break-glass/),
    })
    expect(await isSuspendedOnBlue()).toBe(false)
  })
})
