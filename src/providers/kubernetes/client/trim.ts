import { createHash } from 'node:crypto'
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
  // The same object with fewer of its optional keys.
  return (trimmers[nameOfKind(resource)]?.(own) ?? own) as T
}

type Loose = { readonly [key: string]: unknown }
type Trimmer = (object: KubernetesObject) => object

const metadataOf = ({ metadata }: KubernetesObject): ObjectMeta => {
  const { managedFields: _, ...rest } = (metadata ?? {}) as ObjectMeta & { readonly managedFields?: unknown }
  if (rest.annotations?.[lastApplied] === undefined) return rest
  const { [lastApplied]: _applied, ...annotations } = rest.annotations
  return { ...rest, annotations }
}

const at = (object: unknown, key: string): Loose => {
  const found: unknown = typeof object === 'object' && object !== null ? Reflect.get(object, key) : undefined
  return typeof found === 'object' && found !== null ? (found as Loose) : {} // an object has keys
}
const listAt = (object: unknown, key: string): readonly Loose[] => {
  const found: unknown = Reflect.get(at({ object }, 'object'), key)
  return Array.isArray(found) ? (found as readonly Loose[]) : []
}
/** Those keys that are there. */
const only = (object: Loose, keys: readonly string[]): object => {
  const kept: Record<string, unknown> = {}
  for (const key of keys) if (object[key] !== undefined) kept[key] = object[key]
  return kept
}
const without = (object: Loose, keys: readonly string[]): object =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))

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
  const [spec, status] = [at(object, 'spec'), at(object, 'status')]
  const labels = Object.entries(object.metadata?.labels ?? {}).filter(([key]) => isRead(key))
  const statuses = (key: string) =>
    listAt(status, key).map((each) => only(each, ['name', 'ready', 'restartCount', 'state', 'lastState']))
  const inits = statuses('initContainerStatuses')
  return {
    metadata: {
      ...only({ ...object.metadata }, whose),
      ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
    },
    spec: { containers: listAt(spec, 'containers').map((each) => only(each, ['name', 'image'])) },
    status: {
      ...only(status, ['phase', 'podIP']),
      conditions: conditionsOf(status, ['lastTransitionTime']),
      ...(inits.length === 0 ? {} : { initContainerStatuses: inits }),
      containerStatuses: statuses('containerStatuses'),
    },
  }
}

const conditionsOf = (status: Loose, more: readonly string[] = []): readonly object[] =>
  listAt(status, 'conditions').map((each) => only(each, ['type', 'status', 'reason', 'message', ...more]))

const ofReplicaSet: Trimmer = ({ metadata }) => ({ metadata: only({ ...metadata }, whose) })

const ofJob: Trimmer = (object) => ({ ...object, spec: without(at(object, 'spec'), ['template', 'selector']) })

/** Whoever copies or changes a workload asks for all of it; what is watched is how many of what run, and as whom. */
const ofReplicated: Trimmer = (object) => {
  const [spec, status] = [at(object, 'spec'), at(object, 'status')]
  const template = at(spec, 'template')
  const pod = at(template, 'spec')
  return {
    ...object,
    spec: {
      ...only(spec, ['replicas', 'ordinals', 'updateStrategy']),
      template: {
        metadata: only(at(template, 'metadata'), ['labels']),
        spec: {
          ...only(pod, ['serviceAccountName', 'nodeSelector', 'tolerations', 'imagePullSecrets']),
          containers: listAt(pod, 'containers').map((each) => only(each, ['name', 'image'])),
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

const digestOf = (spec: Loose): string =>
  createHash('sha256')
    .update(JSON.stringify(without(spec, ['replicas'])))
    .digest('base64url')
    .slice(0, 16)

const ofSlice: Trimmer = (object) => ({
  ...without({ ...object }, ['endpoints', 'metadata']),
  metadata: only({ ...object.metadata }, [...whose, 'labels']),
  endpoints: listAt(object, 'endpoints').map((each) => only(each, ['addresses', 'conditions'])),
})

const ofSecret: Trimmer = (object) => without({ ...object }, ['data', 'stringData'])

const trimmers: Readonly<Record<string, Trimmer>> = {
  pods: ofPod,
  'replicasets.apps': ofReplicaSet,
  'jobs.batch': ofJob,
  'deployments.apps': ofReplicated,
  'statefulsets.apps': ofReplicated,
  'endpointslices.discovery.k8s.io': ofSlice,
  secrets: ofSecret,
}
