import type { ClusterRead, NamespaceState, NotRead, Served } from '../../clusters/cluster-read.ts'
import {
  clusterKinds,
  isSystemNamespace,
  kindsWithStatus,
  managerKinds,
  namespacedKinds,
} from '../../clusters/estate-kinds.ts'
import { fieldManagers } from '../../inventory/kubernetes/reverts.ts'
import { isMap, type JsonMap } from '../../kubernetes/json.ts'
import { type KubernetesObject, readObject, sortOf } from '../../kubernetes/object.ts'
import { isMadeByWorkload } from '../../kubernetes/workload.ts'
import type { Cluster } from './client/connect.ts'
import { kinds } from './client/kinds.ts'
import type { KubernetesObject as AnyObject } from './client/resource.ts'
import type { ServedKind } from './client/served-kinds.ts'
import type { ClusterAnswer } from './client/status.ts'

export type ReadAsked = {
  /** null: all but those of the cluster itself. */
  readonly namespaces: readonly string[] | null
  readonly signal: AbortSignal
}

/** From so many namespaces on, a kind is read of the whole cluster at once, where that is permitted. */
const fewNamespaces = 4

/** What Titrate itself put there, or people for it. */
const isOurs = ({ sort, name, labels }: KubernetesObject): boolean =>
  Object.keys(labels).some((key) => key.startsWith('titrate.dev/')) ||
  (sort === 'ConfigMap' && (name === 'titrate-claim' || name === 'titrate-router-claim')) ||
  (sort === 'CronJob' && name === 'titrate-probe')

/**
 * Reads the estate in some namespaces of a cluster: one paged list a kind. A kind that the cluster doesn't serve is not
 * there; one that may not be read is named in `notRead`. Not ok: the cluster itself can't be read.
 */
export const readCluster = async (cluster: Cluster, asked: ReadAsked): Promise<ClusterAnswer<ClusterRead>> => {
  const { signal } = asked
  const { client, name } = cluster
  const version = await client.version({ signal })
  if (version.kind !== 'ok') return version
  const [served, namespaces] = await Promise.all([client.served({ signal }), readNamespaces(cluster, asked)])
  if (served.kind !== 'ok') return served
  if (namespaces.kind !== 'ok') return namespaces
  const notRead: NotRead[] = []
  const lists = await Promise.all(
    readable(served.value).map(async (kind) => listKind(cluster, kind, [...namespaces.value], asked, notRead)),
  )
  const objects: KubernetesObject[] = []
  for (const list of lists) {
    if (list.kind !== 'ok') return list
    objects.push(...list.value)
  }
  objects.push(...(await readElsewhere(cluster, namespaces.value, asked.signal, notRead)))
  const read: ClusterRead = {
    name,
    version: version.value,
    namespaces: namespaces.value,
    objects,
    notRead,
    served: served.value.map(servedOf),
  }
  return { kind: 'ok', value: read }
}

/** Where Fargate looks for what it does with logs, whichever namespaces are looked at. */
const logging = { namespace: 'aws-observability', name: 'aws-logging' }

const readElsewhere = async (
  { client }: Cluster,
  namespaces: States,
  signal: AbortSignal,
  notRead: NotRead[],
): Promise<readonly KubernetesObject[]> => {
  if (namespaces.has(logging.namespace)) return []
  const found = await client.get(kinds.configMaps, logging, { signal })
  if (found.kind !== 'ok') notRead.push({ sort: 'ConfigMap', namespace: logging.namespace, because: found.because })
  if (found.kind !== 'ok' || found.value === null) return []
  // The API server's JSON, which is what a body is.
  const body = slim('ConfigMap', found.value as unknown as JsonMap)
  const object = readObject(body, { namespace: logging.namespace, clusterWide: new Set(), place: null })
  return object === null ? [] : [object]
}

const servedOf = ({ group, kind, versions }: ServedKind): Served => ({ sort: sortOf(group, kind), group, versions })

/** Some kinds are served in two groups (events, ingresses of old): the one of today is asked. */
const readable = (served: readonly ServedKind[]): readonly ServedKind[] => {
  const bySort = new Map<string, ServedKind>()
  for (const one of served) {
    const sort = sortOf(one.group, one.kind)
    const isWanted = namespacedKinds.has(sort) || clusterKinds.has(sort) || managerKinds.has(sort)
    if (!isWanted || one.plural.includes('/') || !one.verbs.includes('list')) continue
    if (one.group !== 'extensions') bySort.set(sort, one)
  }
  return [...bySort.values()]
}

type States = ReadonlyMap<string, NamespaceState>

const readNamespaces = async (
  { client }: Cluster,
  { namespaces, signal }: ReadAsked,
): Promise<ClusterAnswer<States>> => {
  const stateOf = (object: AnyObject): NamespaceState =>
    object.metadata?.deletionTimestamp === undefined ? 'there' : 'being deleted'
  if (namespaces === null) {
    const all = await client.list(kinds.namespaces, {}, { signal })
    if (all.kind !== 'ok') return all
    const own = all.value.items.filter(({ metadata }) => !isSystemNamespace(metadata?.name ?? ''))
    return { kind: 'ok', value: new Map(own.map((one) => [one.metadata?.name ?? '', stateOf(one)])) }
  }
  const states = new Map<string, NamespaceState>()
  for (const name of namespaces) {
    const found = await client.get(kinds.namespaces, { name }, { signal })
    if (found.kind === 'unknown') return found
    const state = found.kind === 'ok' ? (found.value === null ? 'missing' : stateOf(found.value)) : 'unknown'
    states.set(name, state)
  }
  return { kind: 'ok', value: states }
}

const listKind = async (
  cluster: Cluster,
  kind: ServedKind,
  namespaces: readonly (readonly [string, NamespaceState])[],
  asked: ReadAsked,
  notRead: NotRead[],
): Promise<ClusterAnswer<readonly KubernetesObject[]>> => {
  const sort = sortOf(kind.group, kind.kind)
  const names = new Set(namespaces.map(([name]) => name))
  const isWhole = clusterKinds.has(sort) || managerKinds.has(sort)
  const isMany = asked.namespaces === null || names.size > fewNamespaces
  const list = (namespace: string | null) => listIn(cluster, kind, namespace, isWhole ? null : names, asked.signal)
  const refused = (namespace: string | null, because: string): void => void notRead.push({ sort, namespace, because })
  if (isWhole || isMany) {
    const all = await list(null)
    if (all.kind !== 'refused') return all
    if (isWhole || asked.namespaces === null) {
      refused(null, all.because)
      return { kind: 'ok', value: [] }
    }
  }
  const objects: KubernetesObject[] = []
  for (const [namespace, state] of namespaces) {
    if (state === 'missing') continue
    const some = await list(namespace)
    if (some.kind === 'refused') refused(namespace, some.because)
    else if (some.kind !== 'ok') return some
    else objects.push(...some.value)
  }
  return { kind: 'ok', value: objects }
}

const listIn = async (
  { client }: Cluster,
  kind: ServedKind,
  namespace: string | null,
  names: ReadonlySet<string> | null,
  signal: AbortSignal,
): Promise<ClusterAnswer<readonly KubernetesObject[]>> => {
  const sort = sortOf(kind.group, kind.kind)
  const objects: KubernetesObject[] = []
  const clusterWide: ReadonlySet<string> = kind.namespaced ? new Set() : new Set([sort])
  const keep = (object: AnyObject): null => {
    const body = slim(sort, object)
    const read = readObject(body, { namespace: namespace ?? '', clusterWide, place: null })
    const isElsewhere = names !== null && read !== null && !names.has(read.namespace ?? '')
    if (read !== null && !isElsewhere && !isMadeByWorkload(read) && !isOurs(read)) objects.push(read)
    return null
  }
  // What Helm keeps of its releases is large, and nothing that moves.
  const fields =
    sort === 'Secret' ? { fields: 'type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token' } : {}
  const scope = namespace === null ? fields : { namespace, ...fields }
  const answer = await client.list(kind, scope, { signal, keep })
  return answer.kind === 'ok' ? { kind: 'ok', value: objects } : answer
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** An object without what is said twice in it, or by the cluster alone: often more than half of it. */
const slim = (sort: string, { status, metadata, ...rest }: JsonMap): JsonMap => {
  const { managedFields, annotations, ...kept } = isMap(metadata) ? metadata : {}
  const { [lastApplied]: _, ...others } = isMap(annotations) ? annotations : {}
  const managers = fieldManagers(sort, managedFields)
  return {
    ...rest,
    metadata: {
      ...kept,
      ...(annotations === undefined ? {} : { annotations: others }),
      ...(managers === null ? {} : { managedFields: managers }),
    },
    ...(kindsWithStatus.has(sort) && status !== undefined ? { status } : {}),
  }
}
