import type { Claims, Schedules, Workloads } from '../../engine/ports.ts'
import { type Barrier, createBarrier } from './barrier.ts'
import { claimsOf } from './claims.ts'
import type { KubernetesEnvironment } from './environment.ts'
import type { CopySource } from './make-copy.ts'
import { schedulesOf } from './schedules.ts'
import { tidyUp } from './tidy-up.ts'
import { createUnsuspendGuard } from './unsuspend-guard.ts'
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
  readonly source: CopySource | null
  readonly inventory: Workloads['inventory']
  /** Of this namespace, where the other side is in it too: they share one probe. Left out: one of its own. */
  readonly barrier?: Barrier
}

const takeDownMs = 30_000

export const connectKubernetes = (options: Options): KubernetesProvider => {
  const { environment, source, inventory } = options
  const guard = createUnsuspendGuard(environment)
  const kept = claimsOf(environment, async () => {
    await Promise.all([tidyUp(environment), guard.takeDown(AbortSignal.timeout(takeDownMs))])
  })
  const claims: typeof kept = {
    ...kept,
    stop: async (mark, epoch, signal) => {
      const stopped = await kept.stop(mark, epoch, signal)
      // Whoever breaks the glass is somebody else, as a rule, and has to unsuspend what was handed over.
      await guard.takeDown(signal)
      return stopped
    },
  }
  const barrier = options.barrier ?? createBarrier(environment)
  return {
    claims,
    workloads: workloadsOf({ environment, claims, source, inventory }),
    schedules: schedulesOf({ environment, claims, barrier, guard }),
  }
}
