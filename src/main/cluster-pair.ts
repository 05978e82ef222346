import type { Answer } from '../engine/ports.ts'
import type { Side } from '../moves/goal.ts'
import type { Cluster } from '../providers/kubernetes/client/connect.ts'
import type { GreenNames, ServicePlaces } from '../providers/kubernetes/service-places.ts'
import type { ObjectsOfSide } from './kubernetes-objects.ts'

/** Both sides of a release between clusters (which may be one and the same). */
export type ClusterPair = {
  readonly clusters: Readonly<Record<Side, Cluster>>
  readonly namespaces: Readonly<Record<Side, readonly string[]>>
  /** What people call each side: `CONTEXT/NAMESPACE`. */
  readonly title: Readonly<Record<Side, string>>
  readonly names: GreenNames
  readonly places: Readonly<Record<Side, ServicePlaces>>
  /** The label of what is green in namespaces that both sides share; null: they share none. */
  readonly split: { readonly label: string; readonly value: string } | null
  readonly read: Readonly<Record<Side, (signal: AbortSignal) => Promise<Answer<ObjectsOfSide>>>>
}
