/**
 * 100 exposed services whose users are divided, and 100 schedules that run on green, are taken back at once, between two
 * real control planes, by a client that keeps to 40 requests a second for each: when all weights stand in the routes again,
 * when green has stopped all schedules, and when blue runs them.
 *
 *     npm run bench -- kubernetes-rollback          npx node bench/kubernetes-rollback.ts [services]
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js'
import type { Cluster } from '../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../src/providers/kubernetes/client/kinds.ts'
import { type HttpRoute, httpRoutes } from '../src/providers/kubernetes/gateway/http-route.ts'
import { carriedOut, contextOf, makeCronJobs, minute, openArena } from '../test/kubernetes/arena.ts'
import { okOf } from '../test/kubernetes/clusters.ts'
import { connectRouter } from '../test/kubernetes/connect-router.ts'
import { deploymentOf, serviceOf } from '../test/kubernetes/contract-world.ts'
import { prompt, startGateway } from '../test/kubernetes/simulated-gateway.ts'
import { byKind, countRequests } from './in-kubernetes/count-requests.ts'
import { limit, withPlanes } from './in-kubernetes/open-planes.ts'
import { quantile } from './in-memory/quantile.ts'

const [services = 100] = process.argv.slice(2).map(Number)
const named = (prefix: string) => Array.from({ length: services }, (_, index) => `${prefix}-${index}`)
const [jobs, exposed] = [named('job'), named('web')]

/** Of nobody's pods: what stands behind a backend is told by its slices. */
const makeExposed = async ({ client }: Cluster, namespace: string): Promise<void> => {
  const write = { signal: AbortSignal.timeout(10 * minute) }
  // A kind that was just defined is served a moment later.
  while ((await client.list(httpRoutes, { namespace }, write)).kind !== 'ok') await pause(200)
  for (const name of exposed) {
    const green = `${name}-green`
    const { spec: _, ...head } = serviceOf(namespace, green)
    const slice: EndpointSlice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace, name: green, labels: { 'kubernetes.io/service-name': green } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.1.2.3'], conditions: { ready: true } }],
      ports: [{ port: 8080 }],
    }
    const route: HttpRoute = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { namespace, name },
      spec: {
        parentRefs: [{ name: 'edge' }],
        hostnames: [`${name}.example`],
        rules: [{ backendRefs: [{ name, port: 80 }] }],
      },
    }
    await Promise.all([
      okOf(client.create(kinds.deployments, deploymentOf(namespace, name, 0), write)),
      okOf(client.create(kinds.services, serviceOf(namespace, name), write)),
      okOf(client.create(kinds.services, { ...head, spec: { ports: [{ port: 80 }] } }, write)),
      okOf(client.create(kinds.endpointSlices, slice, write)),
      okOf(client.create(httpRoutes, route, write)),
    ])
  }
}

await withPlanes(async ({ clusters, connect }) => {
  const arena = await openArena(clusters, 'rollback')
  const namespace = arena.namespace.blue
  const soon = () => AbortSignal.timeout(minute)
  const daily = (made: CronJob): CronJob => ({
    ...made,
    spec: { ...(made.spec ?? { jobTemplate: {} }), schedule: `${(new Date().getUTCMinutes() + 30) % 60} * * * *` },
  })
  await Promise.all([makeCronJobs(clusters.blue, namespace, jobs, daily), makeExposed(clusters.blue, namespace)])
  const simulated = startGateway(clusters.blue, namespace, prompt)
  const [forward, before] = [arena.connect(), connectRouter(clusters.blue, namespace)]
  for (const { claims } of [forward.blue, forward.green, before]) await claims.claim('shop', 1, soon())
  await Promise.all([
    ...jobs.map(async (name) => {
      await carriedOut({ kind: 'provision' }, contextOf(forward, name, { version: 1 }))
      await carriedOut({ kind: 'schedule', owner: 'green' }, contextOf(forward, name, { version: 2 }))
    }),
    ...exposed.map((name) =>
      carriedOut(
        { kind: 'weights', green: 50 },
        { ...contextOf(forward, name, { version: 2 }), traffic: before.traffic },
      ),
    ),
  ])
  before.end()
  const engines = await connect()
  const [sides, router] = [arena.connect(engines), connectRouter(engines.blue, namespace)]
  // As an engine does that lives: all of it is known before it goes back.
  await Promise.all([
    ...jobs.flatMap((name) => [sides.blue, sides.green].map((each) => each.schedules.read(name, soon()))),
    ...exposed.map((name) => okOf(router.traffic.read(name, soon()))),
  ])
  await pause(3_000)
  const resumedAt = new Map<string, number>()
  const ended = new AbortController()
  clusters.blue.watches.of(kinds.cronJobs, { namespace }).onChange(({ object }) => {
    const name = object.metadata?.name ?? ''
    if (object.spec?.suspend === false && !resumedAt.has(name)) resumedAt.set(name, performance.now())
  }, ended.signal)
  const { sent } = countRequests()
  const startedAt = performance.now()
  await Promise.all([
    ...jobs.map((name) =>
      carriedOut({ kind: 'schedule', owner: 'blue' }, { ...contextOf(sides, name, { version: 3 }), urgent: true }),
    ),
    ...exposed.map((name) =>
      carriedOut(
        { kind: 'weights', green: 0 },
        { ...contextOf(sides, name, { version: 3 }), traffic: router.traffic, urgent: true },
      ),
    ),
  ])
  const tookMs = performance.now() - startedAt
  // The watches may be a moment behind.
  for (const until = Date.now() + 5_000; resumedAt.size < jobs.length && Date.now() < until; ) await pause(20)
  ended.abort()
  /** When the first write of each was answered: it goes back, or stops. */
  const written = (names: readonly string[], kind: string, where: string) =>
    names.map((name) => {
      const path = `/namespaces/${where}/${kind}/${name}?`
      const first = sent.find((each) => each.method === 'PATCH' && each.path.includes(path))
      return (first?.answeredAt ?? Number.NaN) - startedAt
    })
  const [weighed, stopped] = [
    written(exposed, 'httproutes', namespace),
    written(jobs, 'cronjobs', arena.namespace.green),
  ]
  const back = jobs.map((name) => (resumedAt.get(name) ?? Number.NaN) - startedAt)
  console.log(
    `${services} services and ${services} schedules taken back in ${(tookMs / 1_000).toFixed(1)} s; ${byKind(sent)}`,
  )
  console.log(
    `weights p50 ${quantile(weighed, 0.5).toFixed(0)} ms; stopped on green p50 ${quantile(stopped, 0.5).toFixed(0)} ms; run on blue p50 ${quantile(back, 0.5).toFixed(0)} ms, all ${Math.max(...back).toFixed(0)} ms`,
  )
  limit('all weights written', Math.max(...weighed), 2_000, ' ms')
  limit('all stopped on green', Math.max(...stopped), 2_000, ' ms')
  router.end()
  simulated.close()
  arena.end()
})
process.exit()
