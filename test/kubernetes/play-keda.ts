import { pausedReplicas } from '../../src/providers/kubernetes/autoscaler.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { surroundingKinds } from '../../src/providers/kubernetes/client/surrounding-kinds.ts'
import { okOf, soon } from './clusters.ts'

/** Does for the Deployments of a namespace what KEDA does: holds them where they are paused, and else within their limits. */
export const playKeda = ({ client, watches }: Cluster, namespace: string, life: AbortSignal): void => {
  watches.of(surroundingKinds.scaledObjects, { namespace }).onChange((change) => {
    if (change.kind === 'removed') return
    const { metadata, spec = {} } = change.object
    const held = metadata?.annotations?.[pausedReplicas]
    const { minReplicaCount = 0, maxReplicaCount = 100 } = spec
    const within = (count: number): number =>
      held === undefined ? Math.min(maxReplicaCount, Math.max(minReplicaCount, count)) : Number(held)
    const scale = async (): Promise<void> => {
      const place = { namespace, name: spec.scaleTargetRef?.name ?? '' }
      const found = await okOf(client.get(kinds.deployments, place, { signal: soon() }))
      const { replicas = 1 } = found?.spec ?? {}
      if (found === null || within(replicas) === replicas) return
      const body = { spec: { replicas: within(replicas) } }
      await okOf(client.patch(kinds.deployments, place, { kind: 'merge', body, manager: 'keda' }, { signal: soon() }))
    }
    // It ends in the middle when the test does.
    void scale().catch((error: unknown) => {
      if (!life.aborted) throw error
    })
  }, life)
}
