import { createHash } from 'node:crypto'
import { type JsonMap, mapAt, mapsAt } from '../../../kubernetes/json.ts'
import type { Json } from '../../../moves/goal.ts'
import { type KubernetesObject, nameOfKind, type ObjectMeta, type Resource } from './resource.ts'

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/**
 * An object without what nobody here reads. Of every kind: who set which field, and what kubectl applied. Of pods, of which
 * there are thousands, and of what is between them and workloads: all but what says whose they are and how they stand.
 * Of Deployments and StatefulSets: what their containers are given, and how they are replaced; for all that is wanted of
 * them, but how many, stands `digest` in their spec, so that a change of it is still seen. Of a Secret: everything that is secret.
 */
export const trim = <T extends KubernetesObject>(resource: Resource<T>, object: T): T => {
  const own = { ...object, metadata: metadataOf(object) }
  const trimmer = trimmers[nameOfKind(resource)]
  // The same object with fewer of its optional keys.
  return trimmer === undefined ? own : (trimmer(own) as unknown as T)
}

type Trimmer = (object: JsonMap) => JsonMap

const metadataOf = ({ metadata }: KubernetesObject): ObjectMeta => {
  const { managedFields: _, ...rest } = (metadata ?? {}) as ObjectMeta & { readonly managedFields?: unknown }
  if (rest.annotations?.[lastApplied] === undefined) return rest
  const { [lastApplied]: _applied, ...annotations } = rest.annotations
  return { ...rest, annotations }
}

/** Those keys that are there. */
const only = (map: JsonMap, keys: readonly string[]): JsonMap => {
  const kept: Record<string, Json> = {}
  for (const key of keys) {
    const value = map[key]
    if (value !== undefined) kept[key] = value
  }
  return kept
}
const onlyOfEach = (map: JsonMap, list: string, keys: readonly string[]): readonly JsonMap[] =>
  mapsAt(map, list).map((each) => only(each.map, keys))
const without = (map: JsonMap, keys: readonly string[]): JsonMap =>
  Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)))

const whose = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'ownerReferences',
]
/** Labels of pods that are read: ours, and which profile of Fargate took it. */
const isRead = (label: string): boolean => label.startsWith('titrate.dev/') || label.startsWith('eks.amazonaws.com/')

const ofPod: Trimmer = (object) => {
  const status = mapAt(object, 'status')
  const labels = Object.entries(mapAt(object, 'metadata', 'labels')).filter(([key]) => isRead(key))
  const statuses = (list: string) => onlyOfEach(status, list, ['name', 'ready', 'restartCount', 'state', 'lastState'])
  const inits = statuses('initContainerStatuses')
  return {
    metadata: {
      ...only(mapAt(object, 'metadata'), whose),
      ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
    },
    spec: { containers: onlyOfEach(mapAt(object, 'spec'), 'containers', ['name', 'image']) },
    status: {
      ...only(status, ['phase', 'podIP']),
      conditions: conditionsOf(status, ['lastTransitionTime']),
      ...(inits.length === 0 ? {} : { initContainerStatuses: inits }),
      containerStatuses: statuses('containerStatuses'),
    },
  }
}

const conditionsOf = (status: JsonMap, more: readonly string[] = []): readonly JsonMap[] =>
  onlyOfEach(status, 'conditions', ['type', 'status', 'reason', 'message', ...more])

const ofReplicaSet: Trimmer = (object) => ({ metadata: only(mapAt(object, 'metadata'), whose) })

const ofJob: Trimmer = (object) => ({ ...object, spec: without(mapAt(object, 'spec'), ['template', 'selector']) })

/** Whoever copies or changes a workload asks for all of it; what is watched is how many of what run, and as whom. */
const ofReplicated: Trimmer = (object) => {
  const [spec, status] = [mapAt(object, 'spec'), mapAt(object, 'status')]
  const pod = mapAt(spec, 'template', 'spec')
  return {
    ...object,
    spec: {
      ...only(spec, ['replicas', 'ordinals', 'updateStrategy']),
      template: {
        metadata: only(mapAt(spec, 'template', 'metadata'), ['labels']),
        spec: {
          ...only(pod, ['serviceAccountName', 'nodeSelector', 'tolerations', 'imagePullSecrets']),
          containers: onlyOfEach(pod, 'containers', ['name', 'image']),
        },
      },
      // One that was trimmed before has it already.
      digest: spec['digest'] ?? digestOf(spec),
    },
    status: {
      ...only(status, ['observedGeneration', 'updatedReplicas']),
      conditions: conditionsOf(status),
    },
  }
}

const digestOf = (spec: JsonMap): string =>
  createHash('sha256')
    .update(JSON.stringify(without(spec, ['replicas'])))
    .digest('base64url')
    .slice(0, 16)

const ofSlice: Trimmer = (object) => ({
  ...without(object, ['endpoints', 'metadata']),
  metadata: only(mapAt(object, 'metadata'), [...whose, 'labels']),
  endpoints: onlyOfEach(object, 'endpoints', ['addresses', 'conditions']),
})

const ofSecret: Trimmer = (object) => without(object, ['data', 'stringData'])

const trimmers: Readonly<Record<string, Trimmer>> = {
  pods: ofPod,
  'replicasets.apps': ofReplicaSet,
  'jobs.batch': ofJob,
  'deployments.apps': ofReplicated,
  'statefulsets.apps': ofReplicated,
  'endpointslices.discovery.k8s.io': ofSlice,
  secrets: ofSecret,
}
