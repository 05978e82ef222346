/** A whole estate on blue, with users, runs and workers that are counted from the first moment on. */
import { expect, vi } from 'vitest'
import { type Side, sides } from '../../src/moves/goal.ts'
import { label } from '../../src/providers/kubernetes/annotations.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { type KubernetesObject, placeOf } from '../../src/providers/kubernetes/client/resource.ts'
import { httpRoutes } from '../../src/providers/kubernetes/gateway/http-route.ts'
import { isTestRoute } from '../../src/providers/kubernetes/gateway/look-routes.ts'
import { nameOfGuard, policies } from '../../src/providers/kubernetes/unsuspend-guard.ts'
import { countTicks, followRuns, minute, type Runs } from './arena.ts'
import { makeNamespace, okOf, soon } from './clusters.ts'
import { installKeda, removeKeda } from './keda-crds.ts'
import { objectsSeen } from './objects-seen.ts'
import { playKeda } from './play-keda.ts'
import { openReleaseEstate, quickPolicy, type ReleaseEstate } from './release-estate.ts'
import { startGateway } from './simulated-gateway.ts'
import { startUsers, type Users } from './user-metrics.ts'
import { type EstateOfKinds, exposed, objectsOf } from './whole-estate.ts'
import { serveWorkMetrics } from './work-metrics.ts'
import { type WorkersSeen, watchWorkers } from './workers-seen.ts'

export type WholeEstate = {
  readonly estate: ReleaseEstate
  readonly users: readonly Users[]
  readonly workers: WorkersSeen
  /** What is on blue, but for what a release keeps there. */
  blue(): Promise<Readonly<Record<string, KubernetesObject>>>
  /** The names of what is ours on blue's cluster beside its objects: routes of testers, ways to green, guards, tombstones. */
  ours(): Promise<readonly string[]>
  /** Waits for the next tick to have run everywhere on a side, and says what is wrong with all ticks since the beginning. */
  ticks(on: Side): Promise<ReturnType<typeof countTicks>>
  /** Nobody had a failure, and nobody was sent nowhere; each service has had users on green. */
  expectServed(): void
  expectSchedules(owner: Side): Promise<void>
  /** Weights of all backends in users' routes, as `NAME WEIGHT`. */
  weights(): Promise<readonly string[]>
  /** Writes a release file as a person would: by `init`, and by what it says of itself. */
  init(name: string, more: object): Promise<string>
  close(): Promise<void>
}

/** As late as a real gateway was seen to be. */
const lateGateway = { conditionsAfterMs: 200, trafficAfterMs: 1_500, accepted: true, resolved: true }
const patience = { timeout: 2 * minute, interval: 200 }

export const openWholeEstate = async (hint: string, content: EstateOfKinds): Promise<WholeEstate> => {
  const estate = await openReleaseEstate(hint)
  const { clusters } = estate
  const life = new AbortController()
  for (const side of sides) await installKeda(clusters[side])
  // The second namespace has another name on green.
  const stock = {
    blue: await makeNamespace(clusters.blue, 'stock'),
    green: await makeNamespace(clusters.green, 'storage'),
  }
  const shop = { blue: estate.namespace, green: estate.namespace }
  const namespaces = { shop, stock } as const
  const runs: Runs = new Map()
  for (const namespace of [shop, stock]) followRuns(clusters, namespace, runs, life.signal)
  for (const side of sides) playKeda(clusters[side], shop[side], life.signal)
  const places = content.workers.map(({ name, namespace }) => ({ name, namespace: namespaces[namespace] }))
  const workers = watchWorkers(clusters, places)
  const gateway = startGateway(clusters.blue, shop.blue, lateGateway)
  const objects = objectsOf(content, { shop: shop.blue, stock: stock.blue })
  await Promise.all(objects.map(({ resource, object }) => estate.create('blue', resource, object)))
  const from = (Math.floor(Date.now() / minute) + 1) * minute
  await untilSettled(
    estate,
    objects.map(({ object }) => object),
  )
  const users = await Promise.all(
    Object.entries(exposed)
      .filter(([service]) => content.exposed.some(({ name }) => name === service))
      .map(([service, path]) => startUsers(gateway, service, { blue: 'blue', green: 'green' }, { path, atOnce: 1 })),
  )
  const work = await serveWorkMetrics(
    content.workers.map(({ name }) => name),
    sides,
    200,
  )
  const running = content.jobs.filter(({ more }) => more.suspend !== true).map(({ name }) => name)
  const isSuspended = async (side: Side, { name, namespace }: EstateOfKinds['jobs'][number]) => {
    const place = { namespace: namespaces[namespace][side], name }
    return (await okOf(clusters[side].client.get(kinds.cronJobs, place, { signal: soon() })))?.spec?.suspend
  }
  const ran = (on: Side, tick: number, name: string): boolean => runs.get(name)?.get(tick)?.includes(on) === true

  return {
    estate,
    users,
    workers,
    blue: () => objectsSeen(clusters.blue, [shop.blue, stock.blue]),
    ours: () => oursOn(estate, [shop.blue, stock.blue]),
    ticks: async (on) => {
      const next = (Math.floor(Date.now() / minute) + 1) * minute
      await vi.waitFor(() => expect(running.filter((name) => !ran(on, next, name))).toEqual([]), patience)
      return countTicks({ runs }, running, from, next)
    },
    expectServed: () => {
      for (const { counts, lost } of users) {
        expect({ ...counts, lost: lost() }).toMatchObject({ blue: { failed: 0 }, green: { failed: 0 }, lost: 0 })
        expect(counts.green.requests).toBeGreaterThan(20)
      }
    },
    expectSchedules: async (owner) => {
      for (const one of content.jobs) {
        const there = await Promise.all(sides.map((side) => isSuspended(side, one)))
        expect([one.name, ...there]).toEqual([
          one.name,
          ...sides.map((side) => side !== owner || !running.includes(one.name)),
        ])
      }
    },
    weights: async () => {
      const { items } = await okOf(clusters.blue.client.list(httpRoutes, { namespace: shop.blue }, { signal: soon() }))
      const rules = items.filter((each) => !isTestRoute(each)).flatMap(({ spec }) => spec?.rules ?? [])
      return rules.flatMap(({ backendRefs = [] }) => backendRefs.map((ref) => `${ref.name} ${ref.weight}`)).toSorted()
    },
    init: async (name, more) => {
      const names = ['--namespace', shop.blue, '--namespace', stock.blue]
      const onGreen = ['--green-namespace', shop.green, '--green-namespace', stock.green]
      const contexts = ['--blue-context', 'blue', '--green-context', 'green']
      const { out, err } = await estate.titrate('init', ...contexts, ...names, ...onGreen, '--name', name)
      expect(err).toBe('')
      const addresses = [...users.map(({ metrics }) => metrics), work.url]
      estate.addToRelease({
        router: { gateway: {} },
        parity: {
          waivers: [{ service: 'environment', path: `DaemonSet ${shop.blue}/agent`, reason: 'green has its own' }],
        },
        metrics: { addresses, names: { blue: 'blue', green: 'green' } },
        ...more,
      })
      return out
    },
    close: async () => {
      await Promise.all([...users.map((each) => each.stop()), work.close()])
      life.abort()
      workers.end()
      gateway.close()
      await clusters.blue.client.remove(kinds.namespaces, { name: stock.blue }, { signal: soon() })
      await clusters.green.client.remove(kinds.namespaces, { name: stock.green }, { signal: soon() })
      for (const side of sides) await removeKeda(clusters[side])
      await estate.close()
    },
  }
}

/** As short as it can be, with all that moves at once in one wave. */
export const wholePolicy = {
  ...quickPolicy.policy,
  maxPerWave: 40,
  weights: [50, 100],
  bake: '2s',
  parallel: { for: '1s' },
  judge: { ...quickPolicy.policy.judge, latency: { margin: 2, rollbackMargin: 3 } },
}

/** Until pods are ready, and autoscalers have had their say. */
const untilSettled = async ({ clusters }: ReleaseEstate, objects: readonly KubernetesObject[]): Promise<void> => {
  const wanted = objects.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
  await vi.waitFor(async () => {
    for (const object of wanted) {
      // What is asked of either is the same in both.
      const resource = (
        object.kind === 'Deployment' ? kinds.deployments : kinds.statefulSets
      ) as typeof kinds.deployments
      const found = await okOf(clusters.blue.client.get(resource, placeOf(object), { signal: soon() }))
      // What has data of its own finds no volume, and waits for one.
      if (found?.metadata?.name === 'ledger') continue
      expect([found?.metadata?.name, found?.status?.readyReplicas]).toEqual([
        found?.metadata?.name,
        found?.spec?.replicas,
      ])
    }
  }, patience)
}

const oursOn = async ({ clusters }: ReleaseEstate, namespaces: readonly string[]): Promise<readonly string[]> => {
  const { client } = clusters.blue
  const labelled = await Promise.all(
    namespaces.flatMap((namespace) =>
      [
        [httpRoutes, label.testRoute],
        [kinds.services, label.follows],
        [kinds.endpointSlices, label.follows],
        [kinds.jobs, label.tombstone],
        [kinds.cronJobs, label.probe],
      ].map(async ([resource, labels]) => {
        // Pairs of a kind and a label, as written above.
        const kind = resource as typeof httpRoutes
        const { items } = await okOf(client.list(kind, { namespace, labels: labels as string }, { signal: soon() }))
        return items.map(({ metadata }) => `${kind.kind} ${metadata?.name}`)
      }),
    ),
  )
  const guards = await Promise.all(
    namespaces.map(async (namespace) => {
      const found = await okOf(client.get(policies, { name: nameOfGuard(namespace) }, { signal: soon() }))
      return found === null ? [] : [`${policies.kind} of ${namespace}`]
    }),
  )
  return [...labelled, ...guards].flat().toSorted()
}
