import type { KubernetesObject } from '../kubernetes/object.ts'

/** How a namespace was found. `unknown`: there was no right to look. */
export type NamespaceState = 'there' | 'missing' | 'being deleted' | 'unknown'

/** A kind that could not be read: what is said of it is "not checked", never "passed". */
export type NotRead = {
  /** As rules name it: `Secret`, `ScaledObject.keda.sh`. */
  readonly sort: string
  /** null: in none of the namespaces. */
  readonly namespace: string | null
  readonly because: string
}

/** A kind that a cluster serves. */
export type Served = {
  readonly sort: string
  readonly group: string
  /** The preferred one first. */
  readonly versions: readonly string[]
}

/** All that was read of one cluster at once. */
export type ClusterRead = {
  /** What people call it: its context. */
  readonly name: string
  /** Of Kubernetes, such as `v1.32.4-eks-1234`. */
  readonly version: string
  /** By name, in order. */
  readonly namespaces: ReadonlyMap<string, NamespaceState>
  /** What is in these namespaces, and what of the whole cluster may matter to it (`usedObjects` tells what does). */
  readonly objects: readonly KubernetesObject[]
  readonly notRead: readonly NotRead[]
  readonly served: readonly Served[]
}
