import type { ClusterAsked, OpenCluster } from '../cli/deps.ts'
import { TitrateError } from '../errors.ts'
import { applyAll } from '../providers/kubernetes/apply-changes.ts'
import { type Cluster, connectCluster, defaultRequestsPerSecond } from '../providers/kubernetes/client/connect.ts'
import { kinds as resources } from '../providers/kubernetes/client/kinds.ts'
import type { Resource } from '../providers/kubernetes/client/resource.ts'
import type { ServedKind } from '../providers/kubernetes/client/served-kinds.ts'
import type { ClusterAnswer } from '../providers/kubernetes/client/status.ts'
import { dryRunAll } from '../providers/kubernetes/dry-run.ts'
import { readCluster } from '../providers/kubernetes/read-cluster.ts'
import { systemClock } from './clock.ts'

const openAt = ({ context, kubeconfig, requestsPerSecond }: ClusterAsked): Promise<Cluster> =>
  connectCluster(
    { file: kubeconfig, context, requestsPerSecond: requestsPerSecond ?? defaultRequestsPerSecond },
    {
      environment: process.env,
      now: systemClock.now,
      elapsed: systemClock.monotonic,
      random: Math.random,
      fault: (error) => {
        throw error
      },
    },
  )

/** One cluster for the commands that look at clusters. */
export const openCluster = async (asked: ClusterAsked, signal: AbortSignal): Promise<OpenCluster> => {
  const cluster = await openAt(asked)
  let kinds: Promise<readonly ServedKind[]> | null = null
  const served = (): Promise<readonly ServedKind[]> => {
    kinds ??= cluster.client.served({ signal }).then(required)
    return kinds
  }
  return {
    name: cluster.name,
    namespace: cluster.namespace,
    read: async (namespaces) => required(await readCluster(cluster, { namespaces, signal })),
    namespaces: async () => {
      const all = await cluster.client.list(resources.namespaces, {}, { signal })
      return all.kind === 'ok' ? all.value.items.map(({ metadata }) => metadata?.name ?? '').toSorted() : []
    },
    dryRun: async (requests) => dryRunAll(cluster, resourcesOf(await served()), requests, signal),
    apply: async (changes) => applyAll(cluster, resourcesOf(await served()), changes, signal),
    close: () => cluster.close(),
  }
}

/** Where a cluster keeps objects of a kind, in the version that they are written in; null: it doesn't serve that. */
export const resourcesOf = (served: readonly ServedKind[]): ((apiVersion: string, kind: string) => Resource | null) => {
  const bySort = new Map(
    served.filter(({ plural }) => !plural.includes('/')).map((one) => [`${one.group} ${one.kind}`, one]),
  )
  return (apiVersion, kind) => {
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
    const found = bySort.get(`${group} ${kind}`)
    return found?.versions.includes(version) === true ? { ...found, version } : null
  }
}

const required = <T>(answer: ClusterAnswer<T>): T => {
  if (answer.kind === 'ok') return answer.value
  throw new TitrateError(
    answer.kind === 'unknown' ? 'CLUSTER_UNREACHABLE' : 'CLUSTER_REFUSED',
    sentence(answer.because),
  )
}

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
