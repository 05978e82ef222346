import type { Claims, Schedules, Workloads } from '../../engine/ports.ts'
import { annotation } from './annotations.ts'
import { type Barrier, createBarrier } from './barrier.ts'
import { claimsOf } from './claims.ts'
import { kinds } from './client/kinds.ts'
import { type KubernetesObject, placeOf, type Resource } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { schedulesOf } from './schedules.ts'
import { workloadsOf } from './workloads.ts'

/** The roles of one namespace of a cluster. */
export type KubernetesProvider = {
  readonly claims: Claims
  readonly workloads: Workloads
  readonly schedules: Schedules
}

type Options = {
  readonly environment: KubernetesEnvironment
  /** Where services are copied from that this side doesn't have; null: they have to be there. */
  readonly source: Pick<KubernetesEnvironment, 'cluster' | 'namespace'> | null
  readonly inventory: Workloads['inventory']
  /** Of this namespace, where the other side is in it too: they share one probe. Left out: one of its own. */
  readonly barrier?: Barrier
}

export const connectKubernetes = (options: Options): KubernetesProvider => {
  const { environment, source, inventory } = options
  const claims = claimsOf(environment, () => takeStampsOff(environment))
  const barrier = options.barrier ?? createBarrier(environment)
  return {
    claims,
    workloads: workloadsOf({ environment, claims, source, inventory }),
    schedules: schedulesOf({ environment, claims, barrier }),
  }
}

const limitMs = 60_000

/** Stamps no longer count once the environment is free; one that can't be taken off stays, and does no harm. */
const takeStampsOff = async ({ cluster, namespace }: KubernetesEnvironment): Promise<void> => {
  const signal = AbortSignal.timeout(limitMs)
  const body = { metadata: { annotations: { [annotation.stamp]: null, [annotation.pausedAt]: null } } }
  for (const resource of [kinds.deployments, kinds.statefulSets, kinds.cronJobs] as readonly Resource[]) {
    const watch = cluster.watches.of(resource, { namespace })
    const reader = await watch.ready(signal)
    if (reader.kind !== 'ok') continue
    const stamped = reader.value.list({ namespace }).filter(hasStamp)
    await Promise.all(
      stamped.map(async (object) => {
        const written = await cluster.client.patch(resource, placeOf(object), { kind: 'merge', body }, { signal })
        if (written.kind === 'ok') watch.note(written.value)
      }),
    )
  }
}

const hasStamp = ({ metadata }: KubernetesObject): boolean => metadata?.annotations?.[annotation.stamp] !== undefined
