/** An estate with workloads of all kinds in two namespaces of blue, as a shop has them. */
import type { DaemonSet, Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { KubernetesObject, Resource } from '../../src/providers/kubernetes/client/resource.ts'
import { surroundingKinds } from '../../src/providers/kubernetes/client/surrounding-kinds.ts'
import { gateways, httpRoutes } from '../../src/providers/kubernetes/gateway/http-route.ts'
import { cronJobOf, deploymentOf, serviceOf } from './contract-world.ts'

type Named = { readonly name: string; readonly namespace: 'shop' | 'stock' }
type Called = Named & { readonly replicas: number; readonly calls: readonly string[] }
type Worker = Named & {
  /** As many as it may have: those of its maximum, where something scales it. */
  readonly replicas: number
  readonly by: 'itself' | 'HPA' | 'KEDA' | 'StatefulSet'
}
type Job_ = Named & { readonly more: Partial<NonNullable<CronJob['spec']>> }

const called = (namespace: Named['namespace'], name: string, ...calls: readonly string[]): Called => ({
  ...{ namespace, name, calls },
  replicas: 1,
})
const worker = (
  namespace: Named['namespace'],
  name: string,
  replicas: number,
  by: Worker['by'] = 'itself',
): Worker => ({
  ...{ namespace, name, replicas, by },
})
const job = (namespace: Named['namespace'], name: string, more: Job_['more'] = {}): Job_ => ({ namespace, name, more })

/** By the path that leads users to them. */
export const exposed = { web: '/', api: '/api', search: '/search' } as const

export const estateOfAllKinds = {
  exposed: [called('shop', 'web', 'cart', 'catalogue'), called('shop', 'api', 'cart'), called('shop', 'search')],
  internal: [
    called('shop', 'catalogue'),
    called('shop', 'prices'),
    called('shop', 'cart', 'prices'),
    called('shop', 'accounts'),
    called('shop', 'sessions'),
    called('stock', 'inventory'),
    called('stock', 'quotes'),
  ],
  workers: [
    worker('shop', 'mailer', 2),
    worker('shop', 'thumbs', 1),
    worker('shop', 'resizer', 4, 'HPA'),
    worker('shop', 'importer', 4, 'KEDA'),
    worker('shop', 'shards', 2, 'StatefulSet'),
    worker('stock', 'counter', 2),
    worker('stock', 'labels', 1),
  ],
  jobs: [
    job('shop', 'invoices'),
    job('shop', 'tidy', { concurrencyPolicy: 'Forbid' }),
    job('shop', 'yearly', { suspend: true }),
    job('shop', 'tokyo', { timeZone: 'Asia/Tokyo' }),
    job('shop', 'digest'),
    job('shop', 'reminders'),
    job('shop', 'exports'),
    job('shop', 'sitemap', { concurrencyPolicy: 'Replace' }),
    job('stock', 'restock'),
    job('stock', 'audit', { concurrencyPolicy: 'Forbid' }),
    job('stock', 'labels-cleanup', { startingDeadlineSeconds: 50 }),
    job('stock', 'forecast', { timeZone: 'America/New_York' }),
  ],
} as const satisfies {
  readonly exposed: readonly Called[]
  readonly internal: readonly Called[]
  readonly workers: readonly Worker[]
  readonly jobs: readonly Job_[]
}

export type EstateOfKinds = {
  readonly exposed: readonly Called[]
  readonly internal: readonly Called[]
  readonly workers: readonly Worker[]
  readonly jobs: readonly Job_[]
}

/** One object to be made on blue. */
type Made = { readonly resource: Resource; readonly object: KubernetesObject }
const made = <T extends KubernetesObject>(resource: Resource<T>, object: T): Made => ({ resource, object })

const daemonSets: Resource<DaemonSet> = {
  ...{ group: 'apps', version: 'v1', plural: 'daemonsets', kind: 'DaemonSet' },
  namespaced: true,
}

const podsOf = (namespace: string, name: string) => {
  const { template = {}, selector = {} } = deploymentOf(namespace, name, 1).spec ?? {}
  return { template, selector }
}

const calledObjects = (namespace: string, { name, replicas, calls }: Called): readonly Made[] => {
  const deployment = deploymentOf(namespace, name, replicas)
  const [container] = deployment.spec?.template.spec?.containers ?? []
  if (container !== undefined)
    container.env = calls.map((each) => ({ name: each.toUpperCase(), value: `http://${each}` }))
  return [made(kinds.deployments, deployment), made(kinds.services, serviceOf(namespace, name))]
}

const scalerOf = (namespace: string, { name, by, replicas }: Worker): readonly Made[] => {
  const metadata = { namespace, name }
  if (by === 'HPA') {
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name }
    const resource = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } }
    const object: HorizontalPodAutoscaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata,
      spec: { scaleTargetRef, minReplicas: 2, maxReplicas: replicas, metrics: [{ type: 'Resource', resource }] },
    }
    return [made(surroundingKinds.autoscalers, object)]
  }
  if (by !== 'KEDA') return []
  const triggers = [{ type: 'rabbitmq', metadata: { queueName: name } }]
  const spec = { scaleTargetRef: { name }, minReplicaCount: 1, maxReplicaCount: replicas, triggers }
  const object = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata, spec } as KubernetesObject // its spec is KEDA's own
  return [made(surroundingKinds.scaledObjects, object)]
}

const workerObjects = (namespace: string, one: Worker): readonly Made[] => {
  const { name, by, replicas } = one
  if (by === 'StatefulSet') {
    const spec = { replicas, serviceName: name, podManagementPolicy: 'Parallel', ...podsOf(namespace, name) }
    const set: StatefulSet = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { namespace, name }, spec }
    return [made(kinds.statefulSets, set)]
  }
  // What is scaled has half of what it may have.
  const count = by === 'itself' ? replicas : replicas / 2
  return [made(kinds.deployments, deploymentOf(namespace, name, count)), ...scalerOf(namespace, one)]
}

const jobObject = (namespace: string, { name, more }: Job_): Made => {
  const cronJob = cronJobOf(namespace, name, { suspend: false })
  return made(kinds.cronJobs, { ...cronJob, spec: { ...cronJob.spec, ...more } as NonNullable<CronJob['spec']> }) // what it had, changed
}

/** A gateway and the routes that lead users to what is exposed: one of several rules, and one of its own. */
const routeObjects = (namespace: string, names: readonly string[]): readonly Made[] => {
  const parentRefs = [{ name: 'edge' }]
  const listeners = [{ name: 'http', port: 80, protocol: 'HTTP' }]
  const gateway = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { namespace, name: 'edge' } }
  const route = (name: string, of: readonly string[]): readonly Made[] => {
    const rules = Object.entries(exposed)
      .filter(([service]) => of.includes(service) && names.includes(service))
      .map(([service, value]) => ({
        matches: [{ path: { type: 'PathPrefix', value } }],
        backendRefs: [{ name: service, port: 80 }],
      }))
    const head = { apiVersion: gateway.apiVersion, kind: 'HTTPRoute', metadata: { namespace, name } }
    return rules.length === 0
      ? []
      : [made(httpRoutes, { ...head, spec: { parentRefs, hostnames: ['shop.example'], rules } })]
  }
  const spec = { gatewayClassName: 'simulated', listeners }
  return [
    made(gateways, { ...gateway, spec } as KubernetesObject), // what of it the program doesn't read isn't in its shape
    ...route('shop', ['web', 'api']),
    ...route('search', ['search']),
  ]
}

/** What stays on blue: what belongs to the nodes, what runs once, what has data of its own. */
const stayingObjects = (namespace: string): readonly Made[] => {
  const metadata = { namespace, name: 'agent' }
  const agent: DaemonSet = { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: podsOf(namespace, 'agent') }
  const once: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace, name: 'migrate' },
    spec: { template: cronJobOf(namespace, 'migrate', { suspend: false }).spec?.jobTemplate.spec?.template ?? {} },
  }
  const ledger: Deployment = deploymentOf(namespace, 'ledger', 1)
  const pod = ledger.spec?.template.spec
  if (pod !== undefined) pod.volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'ledger' } }]
  return [made(daemonSets, agent), made(kinds.jobs, once), made(kinds.deployments, ledger)]
}

/** All objects of an estate, in the namespaces that stand for its two. */
export const objectsOf = (
  { exposed: users, internal, workers, jobs }: EstateOfKinds,
  namespaces: Readonly<Record<Named['namespace'], string>>,
): readonly Made[] => {
  const shop = namespaces.shop
  const names = users.map(({ name }) => name)
  return [
    ...[...users, ...internal].flatMap((one) => calledObjects(namespaces[one.namespace], one)),
    ...workers.flatMap((one) => workerObjects(namespaces[one.namespace], one)),
    ...jobs.map((one) => jobObject(namespaces[one.namespace], one)),
    ...routeObjects(shop, names),
    ...stayingObjects(shop),
  ]
}
