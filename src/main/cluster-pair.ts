import type { Answer } from '../engine/ports.ts'
import type { Side } from '../moves/goal.ts'
import type { Cluster } from '../providers/kubernetes/client/connect.ts'
import type { GreenNames } from '../providers/kubernetes/service-places.ts'
import type { ObjectsOfSide } from './kubernetes-objects.ts'

/** Both sides of a release between clusters (which may be one and the same). */
export type ClusterPair = {
  readonly clusters: Readonly<Record<Side, Cluster>>
  readonly namespaces: Readonly<Record<Side, readonly string[]>>
  /** What people call each side: `CONTEXT/NAMESPACE`. */
  readonly title: Readonly<Record<Side, string>>
  readonly names: GreenNames
  readonly read: Readonly<Record<Side, (signal: AbortSignal) => Promise<Answer<ObjectsOfSide>>>>
}
