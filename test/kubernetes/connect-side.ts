import type { Side } from '../../src/moves/goal.ts'
import type { Rewrite } from '../../src/parity/rules.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { connectKubernetes, type KubernetesProvider } from '../../src/providers/kubernetes/connect-kubernetes.ts'
import { copySource } from './copy-source.ts'

/** One side of two namespaces, whose names stay; green's copies are made from blue's. Its inventory is nobody's business here. */
export const connectSide = (
  clusters: Readonly<Record<Side, Cluster>>,
  namespaces: Readonly<Record<Side, string>>,
  side: Side,
  rewrites: readonly Rewrite[] = [],
): KubernetesProvider =>
  connectKubernetes({
    environment: { cluster: clusters[side], namespace: namespaces[side], side },
    source: side === 'green' ? copySource(clusters.blue, namespaces, rewrites) : null,
    inventory: async () => ({ kind: 'refused', because: 'not read here' }),
  })
