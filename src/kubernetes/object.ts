import { isMap, type JsonMap, mapsAt, textAt, textMapAt } from './json.ts'
import { groupsOf, isClusterWide } from './kinds.ts'

export type Owner = { readonly apiVersion: string; readonly kind: string; readonly name: string }

/** An object of Kubernetes as data, whether it was read from a file or from an API server. */
export type KubernetesObject = {
  readonly apiVersion: string
  readonly group: string
  readonly kind: string
  /** The kind as rules name it: `Deployment` for Kubernetes' own, `ScaledObject.keda.sh` for others. */
  readonly sort: string
  /** null: its kind has no namespaces. */
  readonly namespace: string | null
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Those that control it first. */
  readonly owners: readonly Owner[]
  readonly body: JsonMap
  /** Where it stands, such as `web.yaml:12`; null: on a cluster. */
  readonly place: string | null
}

export type ObjectOptions = {
  /** For objects that name none. */
  readonly namespace: string
  /** Kinds without namespaces beside Kubernetes' own, as `Kind.group`: what CRDs say. */
  readonly clusterWide: ReadonlySet<string>
  readonly place: string | null
}

/** null: it has no kind, version or name, so it is no object. */
export const readObject = (body: JsonMap, options: ObjectOptions): KubernetesObject | null => {
  const apiVersion = textAt(body, 'apiVersion')
  const kind = textAt(body, 'kind')
  const name = textAt(body, 'metadata', 'name') ?? textAt(body, 'metadata', 'generateName')
  if (apiVersion === null || kind === null || name === null) return null
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  const sort = sortOf(group, kind)
  const clusterWide = isClusterWide(sort) || options.clusterWide.has(sort)
  return {
    apiVersion,
    group,
    kind,
    sort,
    namespace: clusterWide ? null : (textAt(body, 'metadata', 'namespace') ?? options.namespace),
    name,
    labels: textMapAt(body, 'metadata', 'labels'),
    annotations: textMapAt(body, 'metadata', 'annotations'),
    owners: ownersOf(body),
    body,
    place: options.place,
  }
}

export const sortOf = (group: string, kind: string): string =>
  groupsOf(kind)?.includes(group) ? kind : group === '' ? kind : `${kind}.${group}`

const ownersOf = (body: JsonMap): readonly Owner[] => {
  const references = mapsAt(body, 'metadata', 'ownerReferences').map(({ map }) => map)
  return [
    ...references.filter(({ controller }) => controller === true),
    ...references.filter(({ controller }) => controller !== true),
  ].map((map) => ({
    apiVersion: textAt(map, 'apiVersion') ?? '',
    kind: textAt(map, 'kind') ?? '',
    name: textAt(map, 'name') ?? '',
  }))
}

/** "Deployment shop/web", as people are told it. */
export const objectText = ({ kind, namespace, name }: Pick<KubernetesObject, 'kind' | 'namespace' | 'name'>): string =>
  `${kind} ${namespace === null ? '' : `${namespace}/`}${name}`

/** The same object has the same key, whichever version of its kind it was written in. */
export const objectKey = ({ sort, namespace, name }: Pick<KubernetesObject, 'sort' | 'namespace' | 'name'>): string =>
  `${sort} ${namespace ?? ''}/${name}`

/** Whether data looks like an object at all: it says its kind and version. */
export const looksLikeObject = (value: unknown): value is JsonMap =>
  isMap(value) && typeof value['kind'] === 'string' && typeof value['apiVersion'] === 'string'
