/**
 * 1,000 exposed services in motion at once on one real control plane, by the product's own policy (weights 1, 5, 25, 50,
 * 100, dwell 60 s), by a client that keeps to 40 requests a second: how late their weights stand in the routes, what a move
 * asks of the API server, and the engine's memory. Metrics are made up; pods are played by kwok.
 * Argo Rollouts with 1,000 on the same kind of machine: steps 31 s late, 47 requests, 211 MB.
 *
 *     npm run bench -- kubernetes-motion          npx node bench/kubernetes-motion.ts [services] [minutes]
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Cluster } from '../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../src/providers/kubernetes/client/kinds.ts'
import { httpRoutes } from '../src/providers/kubernetes/gateway/http-route.ts'
import { makeNamespace, okOf } from '../test/kubernetes/clusters.ts'
import { deploymentOf, serviceOf } from '../test/kubernetes/contract-world.ts'
import { prompt, startGateway } from '../test/kubernetes/simulated-gateway.ts'
import type { Motion, MotionOrder } from './in-kubernetes/move-estate.ts'
import { limit, withPlane } from './in-kubernetes/open-planes.ts'
import { runCompiled } from './in-kubernetes/run-compiled.ts'
import { quantile } from './in-memory/quantile.ts'

const [services = 1_000, minutes = 12] = process.argv.slice(2).map(Number)
const atOnce = 16

/** With what containers are given in a real estate, which is most of an object. */
const asInEstates = (made: Deployment): Deployment => {
  const env = Array.from({ length: 20 }, (_, index) => ({
    name: `SETTING_${index}`,
    value: `https://${made.metadata?.name}-${index}.shop.svc.cluster.local:8080/api`,
  }))
  const probe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10, failureThreshold: 3 }
  const resources = { requests: { cpu: '250m', memory: '256Mi' }, limits: { memory: '512Mi' } }
  // `deploymentOf` makes one with a spec.
  const spec = made.spec as NonNullable<Deployment['spec']>
  const containers = (spec.template.spec?.containers ?? []).map((container) => ({
    ...container,
    ...{ env, resources, readinessProbe: probe, livenessProbe: probe },
  }))
  const template = { ...spec.template, spec: { ...spec.template.spec, containers } }
  return { ...made, spec: { ...spec, template } }
}

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
  const makeOne = async (index: number): Promise<void> => {
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
      okOf(client.create(kinds.deployments, asInEstates(deploymentOf(blue, name, 1)), write)),
      okOf(client.create(kinds.services, serviceOf(blue, name), write)),
      okOf(client.create(kinds.services, serviceOf(green, name), write)),
      okOf(client.create(httpRoutes, route, write)),
    ])
  }
  for (let from = 0; from < services; from += atOnce)
    await Promise.all(Array.from({ length: Math.min(atOnce, services - from) }, (_, index) => makeOne(from + index)))
}

await withPlane(async ({ cluster, kubeconfig }) => {
  const [blue, green] = [await makeNamespace(cluster, 'blue'), await makeNamespace(cluster, 'green')]
  await makeEstate(cluster, blue, green)
  const gateway = startGateway(cluster, blue, prompt)
  console.log(`the estate of ${services} services is made`)
  const order: MotionOrder = {
    kubeconfig,
    blue,
    green,
    services,
    measureMs: minutes * 60_000,
  }
  const motion = await runCompiled<Motion>('in-kubernetes/move-estate', order)
  gateway.close()
  const { lateMs, memory } = motion
  console.log(
    `${services} services, ${minutes} min: ${motion.weightsOrdered} weights ordered, ${lateMs.length} sent; all had their last after ${motion.allMs === null ? 'more than that' : `${(motion.allMs / 1_000).toFixed(0)} s`}; ${motion.requests} requests: ${motion.byKind}`,
  )
  console.log(`weights p50 ${quantile(lateMs, 0.5).toFixed(0)} ms late, longest ${Math.max(...lateMs).toFixed(0)} ms`)
  console.log(`CPU ${motion.cpuSecondsAMinute.toFixed(1)} s a minute`)
  console.log(
    `of the memory at its peak, ${memory.heap.toFixed(0)} MB are heap, ${memory.heapUsed.toFixed(0)} MB in use`,
  )
  limit('due weights late p99', quantile(lateMs, 0.99), 1_000, ' ms')
  limit('requests of one move', motion.requests / services, 20)
  limit('memory of the engine', memory.resident, 200, ' MB')
})
process.exit()
