import { at, isMap, type JsonMap, mapAt, mapsAt, numberAt, textAt, textMapAt } from './json.ts'
import { customKinds } from './kinds.ts'
import type { KubernetesObject } from './object.ts'

/** A container as its pod has it. `sidecar`: an init container that goes on (`restartPolicy: Always`). */
export type Container = {
  readonly name: string
  readonly role: 'main' | 'init' | 'sidecar'
  /** Where it stands in its object, such as `spec.template.spec.containers[0]`. */
  readonly path: string
  readonly body: JsonMap
}

/** An object that makes pods, and the pods that it makes. */
export type Workload = {
  readonly object: KubernetesObject
  /** Never null here: kinds with pods have namespaces. */
  readonly namespace: string
  readonly pod: JsonMap
  /** Where the pod's spec stands in the object; empty for a Pod's own fields is never the case: it is `spec`. */
  readonly podPath: string
  readonly podLabels: Readonly<Record<string, string>>
  readonly podAnnotations: Readonly<Record<string, string>>
  readonly containers: readonly Container[]
  /** How many pods it wants at once; for a CronJob, those of one run. */
  readonly replicas: number
}

const template = ['spec', 'template'] as const

/** Where each kind keeps its pod; `[]`: it is one. */
const podPlaces: Readonly<Record<string, readonly string[]>> = {
  Deployment: template,
  StatefulSet: template,
  DaemonSet: template,
  ReplicaSet: template,
  ReplicationController: template,
  Job: template,
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  Pod: [],
  [customKinds.rollout]: template,
}

export const isWorkload = ({ sort }: Pick<KubernetesObject, 'sort'>): boolean => Object.hasOwn(podPlaces, sort)

/** The workload that an object is; null: it makes no pods, or what it says of them can't be read. */
export const readWorkload = (object: KubernetesObject): Workload | null => {
  const place = isWorkload(object) ? podPlaces[object.sort] : undefined
  if (place === undefined || object.namespace === null) return null
  const holder = mapAt(object.body, ...place)
  const pod = at(holder, 'spec')
  if (!isMap(pod)) return null
  const podPath = [...place, 'spec'].join('.')
  return {
    object,
    namespace: object.namespace,
    pod,
    podPath,
    podLabels: textMapAt(holder, 'metadata', 'labels'),
    podAnnotations: textMapAt(holder, 'metadata', 'annotations'),
    containers: containersOf(pod, podPath),
    replicas: replicasOf(object),
  }
}

const containersOf = (pod: JsonMap, podPath: string): readonly Container[] => {
  const read = (list: string, role: (body: JsonMap) => Container['role']): readonly Container[] =>
    mapsAt(pod, list).map(({ map, index }) => ({
      name: textAt(map, 'name') ?? String(index),
      role: role(map),
      path: `${podPath}.${list}[${index}]`,
      body: map,
    }))
  return [
    ...read('containers', () => 'main'),
    ...read('initContainers', ({ restartPolicy }) => (restartPolicy === 'Always' ? 'sidecar' : 'init')),
  ]
}

const replicasOf = ({ sort, body }: KubernetesObject): number => {
  if (sort === 'Pod' || sort === 'DaemonSet') return 1
  if (sort === 'Job') return numberAt(body, 'spec', 'parallelism') ?? 1
  if (sort === 'CronJob') return numberAt(body, 'spec', 'jobTemplate', 'spec', 'parallelism') ?? 1
  return numberAt(body, 'spec', 'replicas') ?? 1
}

const controllers = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
  'Rollout',
])

/** Whether another workload made it (a pod of a Deployment, a run of a CronJob): then that one is what moves. */
export const isMadeByWorkload = ({ owners }: KubernetesObject): boolean => controllers.has(owners[0]?.kind ?? '')
