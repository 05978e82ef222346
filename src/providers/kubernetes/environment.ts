import type { Side } from '../../moves/goal.ts'
import type { Cluster } from './client/connect.ts'

/** One namespace of one cluster, as one side of a release. */
export type KubernetesEnvironment = { readonly cluster: Cluster; readonly namespace: string; readonly side: Side }

/** "blue/shop": the cluster's context and the namespace, for people. */
export const nameOfEnvironment = ({
  cluster,
  namespace,
}: Pick<KubernetesEnvironment, 'cluster' | 'namespace'>): string => `${cluster.name}/${namespace}`
