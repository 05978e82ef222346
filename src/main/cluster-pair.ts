import type { ClusterRead } from '../clusters/cluster-read.ts'
import type { Split } from '../clusters/split-objects.ts'
import type { Answer } from '../engine/ports.ts'
import type { Side } from '../moves/goal.ts'
import type { Cluster } from '../providers/kubernetes/client/connect.ts'
import type { GreenNames, ServicePlaces } from '../providers/kubernetes/service-places.ts'

/** Both sides of a release between clusters (which may be one and the same). */
export type ClusterPair = {
  readonly clusters: Readonly<Record<Side, Cluster>>
  readonly namespaces: Readonly<Record<Side, readonly string[]>>
  /** What people call each side: `CONTEXT/NAMESPACE`. */
  readonly title: Readonly<Record<Side, string>>
  readonly names: GreenNames
  readonly places: Readonly<Record<Side, ServicePlaces>>
  /** What is green in namespaces that both sides share; null: they share none. */
  readonly split: Split | null
  /** All objects in the namespaces of a side. */
  readonly read: Readonly<Record<Side, (signal: AbortSignal) => Promise<Answer<ClusterRead>>>>
}
