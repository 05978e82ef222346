import { createRewriter } from '../../src/parity/rewrites.ts'
import type { Rewrite } from '../../src/parity/rules.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import type { CopySource } from '../../src/providers/kubernetes/make-copy.ts'

/** Blue's namespace as what green's copies are made from; names stay, but for that of the namespace. */
export const copySource = (
  cluster: Cluster,
  namespaces: { readonly blue: string; readonly green: string },
  rewrites: readonly Rewrite[] = [],
): CopySource => ({
  cluster,
  namespace: namespaces.blue,
  nameOnBlue: (name) => name,
  namespaceOnGreen: (name) => (name === namespaces.blue ? namespaces.green : name),
  rewrite: createRewriter(rewrites).rewrite,
})
