import type { Answer } from '../engine/ports.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import { type Document, readObjects } from '../kubernetes/read-objects.ts'
import { isMadeByWorkload } from '../kubernetes/workload.ts'
import type { Json } from '../moves/goal.ts'
import type { Cluster } from '../providers/kubernetes/client/connect.ts'
import { kinds } from '../providers/kubernetes/client/kinds.ts'
import type { Resource } from '../providers/kubernetes/client/resource.ts'
import { httpRoutes } from '../providers/kubernetes/gateway/http-route.ts'

export type ObjectsOfSide = {
  readonly objects: readonly KubernetesObject[]
  /** What stands against a release before it begins. */
  readonly faults: readonly string[]
  readonly notes: readonly string[]
  /** By name; those that may not be looked at are left out. */
  readonly namespaceIds: ReadonlyMap<string, string>
}

const own = (group: string, version: string, plural: string, kind: string): Resource => ({
  ...{ group, version, plural, kind },
  namespaced: true,
})

const read: readonly Resource[] = [
  kinds.deployments,
  kinds.statefulSets,
  kinds.cronJobs,
  kinds.services,
  kinds.configMaps,
  kinds.secrets,
  own('apps', 'v1', 'daemonsets', 'DaemonSet'),
  own('batch', 'v1', 'jobs', 'Job'),
  own('', 'v1', 'serviceaccounts', 'ServiceAccount'),
  own('', 'v1', 'persistentvolumeclaims', 'PersistentVolumeClaim'),
  own('autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'),
  own('policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'),
  own('networking.k8s.io', 'v1', 'ingresses', 'Ingress'),
  own('networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy'),
  own('rbac.authorization.k8s.io', 'v1', 'roles', 'Role'),
  own('rbac.authorization.k8s.io', 'v1', 'rolebindings', 'RoleBinding'),
]

/** Kinds that a cluster may not know: then it has none. */
const optional: readonly Resource[] = [httpRoutes]

const isOurs = ({ sort, name, labels }: KubernetesObject): boolean =>
  Object.keys(labels).some((key) => key.startsWith('titrate.dev/')) ||
  (sort === 'ConfigMap' && (name === 'titrate-claim' || name === 'titrate-router-claim')) ||
  (sort === 'CronJob' && name === 'titrate-probe')

/** By the client's own words. */
const isUnknownKind = (because: string): boolean => because.includes('this cluster does not know')

/** The objects of some namespaces, one list for each kind and namespace. */
export const readObjectsOf = async (
  cluster: Cluster,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<Answer<ObjectsOfSide>> => {
  const version = await cluster.client.version({ signal })
  if (version.kind !== 'ok') return version
  const faults: string[] = []
  const notes: string[] = []
  const documents: Document[] = []
  const namespaceIds = new Map<string, string>()
  for (const namespace of namespaces) {
    const found = await cluster.client.get(kinds.namespaces, { name: namespace }, { signal })
    if (found.kind === 'unknown') return found
    if (found.kind === 'ok' && found.value === null)
      faults.push(
        `there is no namespace ${namespace} on ${cluster.name}: create it (kubectl create namespace ${namespace})`,
      )
    if (found.kind === 'ok' && found.value?.metadata?.uid !== undefined)
      namespaceIds.set(namespace, found.value.metadata.uid)
    if (found.kind === 'ok' && found.value?.metadata?.deletionTimestamp !== undefined)
      faults.push(`namespace ${namespace} on ${cluster.name} is being deleted: wait until it is gone, and make it anew`)
    const lists = await Promise.all(read.map((resource) => cluster.client.list(resource, { namespace }, { signal })))
    for (const resource of optional) {
      const list = await cluster.client.list(resource, { namespace }, { signal })
      if (list.kind !== 'refused' || !isUnknownKind(list.because)) lists.push(list)
    }
    for (const list of lists) {
      if (list.kind === 'unknown') return list
      if (list.kind !== 'ok') notes.push(list.because)
      // The API server's JSON.
      else documents.push(...list.value.items.map((value) => ({ value: value as unknown as Json, place: null })))
    }
  }
  const { objects, notes: more } = readObjects(documents, '')
  const kept = objects.filter((object) => !isMadeByWorkload(object) && !isOurs(object))
  return { kind: 'ok', value: { objects: kept, faults, notes: [...notes, ...more], namespaceIds } }
}
