import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { textAt } from '../../kubernetes/json.ts'
import { type KubernetesObject, objectKey } from '../../kubernetes/object.ts'
import { isMadeByWorkload } from '../../kubernetes/workload.ts'
import type { GreenPlaces } from './expected-object.ts'

/** Kinds that a cluster makes by itself, or that are no settings of anybody. */
const ownKinds = new Set([
  'Event',
  'Endpoints',
  'EndpointSlice',
  'Lease',
  'Node',
  'ControllerRevision',
  'VolumeAttachment',
  'CSIDriver',
  'APIService',
  'PersistentVolume',
  'Namespace',
  'Pod',
  'Job',
  'ReplicaSet',
])
const ownNames = new Set([
  'ConfigMap kube-root-ca.crt',
  'Service kubernetes',
  'ServiceAccount default',
  'ConfigMap istio-ca-root-cert',
])
const ownSecrets = /^(kubernetes\.io\/service-account-token|helm\.sh\/release\.v1|bootstrap\.kubernetes\.io\/token)$/

/** Whether parity looks at an object at all. */
export const isCompared = (object: KubernetesObject): boolean => {
  const { sort, kind, name, namespace, owners, body } = object
  if (ownKinds.has(sort) || ownNames.has(`${kind} ${name}`) || isMadeByWorkload(object)) return false
  // What an operator or an autoscaler of KEDA made is compared by what it was made from.
  if (owners.length > 0 || namespace?.startsWith('kube-') === true) return false
  if (name.startsWith('system:') || name.startsWith('kubeadm:')) return false
  return sort !== 'Secret' || !ownSecrets.test(textAt(body, 'type') ?? '')
}

/** Kinds without namespaces of which green may have more: that harms nobody. */
const moreIsFine = (object: KubernetesObject): boolean => object.namespace === null

export type Pairs = {
  readonly both: readonly { readonly blue: KubernetesObject; readonly green: KubernetesObject }[]
  readonly onlyBlue: readonly KubernetesObject[]
  readonly onlyGreen: readonly KubernetesObject[]
}

/** Blue's objects with their counterparts on green. Names that a tool ends with a hash of the content go by what stands before it. */
export const pairObjects = (blue: KubernetesIndex, green: KubernetesIndex, places: GreenPlaces): Pairs => {
  const left = new Map(green.objects.filter(isCompared).map((object) => [objectKey(object), object]))
  const both: { blue: KubernetesObject; green: KubernetesObject }[] = []
  const waiting: KubernetesObject[] = []
  for (const object of blue.objects.filter(isCompared)) {
    const key = keyOnGreen(object, places)
    const found = left.get(key)
    if (found === undefined) waiting.push(object)
    else both.push({ blue: object, green: found })
    left.delete(key)
  }
  const byStem = Map.groupBy([...left.values()], (object) => stemOf(object, object.namespace))
  const onlyBlue = waiting.filter((object) => {
    const stem = stemOf(object, object.namespace === null ? null : places.namespace(object.namespace))
    const same = stem === null ? [] : (byStem.get(stem) ?? [])
    const [only] = same
    if (only === undefined || same.length > 1) return true
    both.push({ blue: object, green: only })
    left.delete(objectKey(only))
    return false
  })
  return { both, onlyBlue, onlyGreen: [...left.values()].filter((object) => !moreIsFine(object)) }
}

export const keyOnGreen = (object: KubernetesObject, places: GreenPlaces): string =>
  objectKey({
    sort: object.sort,
    name: places.name(object),
    namespace: object.namespace === null ? null : places.namespace(object.namespace),
  })

/** `app-config` of `app-config-8mbdf7882g`, as kustomize makes it; null: the name has no such ending. */
const stemOf = ({ sort, name }: KubernetesObject, namespace: string | null): string | null => {
  const [, stem] = sort === 'ConfigMap' || sort === 'Secret' ? (/^(.+)-[a-z0-9]{10}$/.exec(name) ?? []) : []
  return stem === undefined ? null : `${sort} ${namespace}/${stem}`
}
