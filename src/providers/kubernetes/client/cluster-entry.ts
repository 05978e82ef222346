import type { ClusterKeys, UserKeys } from './kubeconfig-schema.ts'

/** One cluster with the identity to use there. Holds secrets: never printed, logged or stored. */
export type ClusterEntry = {
  /** What people call it: the context. */
  readonly context: string
  /** The namespace of the context; null: none is set. */
  readonly namespace: string | null
  readonly cluster: ClusterKeys
  readonly user: UserKeys
}
