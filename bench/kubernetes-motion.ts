/**
 * 1,000 exposed services in motion at once on one real control plane, by the product's own policy (weights 1, 5, 25, 50,
 * 100, dwell 60 s), by a client that keeps to 40 requests a second: how late their weights stand in the routes, what a move
 * asks of the API server, and the engine's memory. Metrics are made up; pods are played by kwok.
 * Argo Rollouts with 1,000 on the same kind of machine: steps 31 s late, 47 requests, 211 MB.
 *
 *     npm run bench -- kubernetes-motion          npx node bench/kubernetes-motion.ts [services] [minutes]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { compileBenches } from '../scripts/compile-benches.ts'
import type { Cluster } from '../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../src/providers/kubernetes/client/kinds.ts'
import { httpRoutes } from '../src/providers/kubernetes/gateway/http-route.ts'
import { makeNamespace, okOf } from '../test/kubernetes/clusters.ts'
import { deploymentOf, serviceOf } from '../test/kubernetes/contract-world.ts'
import { prompt, startGateway } from '../test/kubernetes/simulated-gateway.ts'
import type { Motion, MotionOrder } from './in-kubernetes/move-estate.ts'
import { limit, withPlanes } from './in-kubernetes/open-planes.ts'
import { quantile } from './in-memory/quantile.ts'

const [services = 1_000, minutes = 12] = process.argv.slice(2).map(Number)
/** Making a copy asks for several requests, and a service that comes in is in no hurry. */
const spreadMs = services * 200

const makeEstate = async ({ client }: Cluster, blue: string, green: string): Promise<void> => {
  const write = { signal: AbortSignal.timeout(600_000) }
  // A kind that was just defined is served a moment later.
  while ((await client.list(httpRoutes, { namespace: blue }, write)).kind !== 'ok') await pause(200)
  const grant = {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: { namespace: green, name: 'routes-of-blue' },
    spec: {
      from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: blue }],
      to: [{ group: '', kind: 'Service' }],
    },
  }
  const grants = { group: 'gateway.networking.k8s.io', version: 'v1beta1', plural: 'referencegrants' } as const
  await okOf(client.create({ ...grants, kind: 'ReferenceGrant', namespaced: true }, grant, write))
  for (let index = 0; index < services; index += 1) {
    const name = `service-${index}`
    const route = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { namespace: blue, name },
      spec: {
        parentRefs: [{ name: 'edge' }],
        hostnames: [`${name}.example`],
        rules: [{ backendRefs: [{ name, port: 80 }] }],
      },
    }
    await Promise.all([
      okOf(client.create(kinds.deployments, deploymentOf(blue, name, 1), write)),
      okOf(client.create(kinds.services, serviceOf(blue, name), write)),
      okOf(client.create(kinds.services, serviceOf(green, name), write)),
      okOf(client.create(httpRoutes, route, write)),
    ])
  }
}

await withPlanes(async ({ clusters, kubeconfigs }) => {
  const [blue, green] = [await makeNamespace(clusters.blue, 'blue'), await makeNamespace(clusters.blue, 'green')]
  await makeEstate(clusters.blue, blue, green)
  const gateway = startGateway(clusters.blue, blue, prompt)
  console.log(`the estate of ${services} services is made`)
  // As the package has it: what strips types takes memory that no user's engine needs.
  const compiled = compileBenches(['in-kubernetes/move-estate'], 'titrate-motion-bench')
  const child = fork(join(compiled, 'in-kubernetes', 'move-estate.js'))
  const order: MotionOrder = {
    kubeconfig: kubeconfigs.blue,
    blue,
    green,
    services,
    spreadMs,
    measureMs: minutes * 60_000,
  }
  child.send(order)
  const ended = once(child, 'exit').then(() => null)
  const answer = once(child, 'message').then(([message]) => message as Motion) // what its program sends
  const motion = await Promise.race([answer, ended])
  gateway.close()
  if (motion === null) throw new Error('the engine ended without a word')
  const { lateMs } = motion
  console.log(
    `${services} services, ${minutes} min: ${motion.weightsOrdered} weights ordered, ${lateMs.length} sent; ${motion.requests} requests: ${motion.byKind}`,
  )
  console.log(`weights p50 ${quantile(lateMs, 0.5).toFixed(0)} ms late, longest ${Math.max(...lateMs).toFixed(0)} ms`)
  console.log(`CPU ${motion.cpuSecondsAMinute.toFixed(1)} s a minute`)
  limit('due weights late p99', quantile(lateMs, 0.99), 1_000, ' ms')
  limit('requests of one move', motion.requests / services, 20)
  limit('memory of the engine', motion.peakMegabytes, 200, ' MB')
})
process.exit()
