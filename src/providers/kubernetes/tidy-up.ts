import { annotation, label } from './annotations.ts'
import { takeAnnotationsOff } from './clear-away.ts'
import { kinds, workloadKinds } from './client/kinds.ts'
import { placeOf } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { isTombstone } from './job-facts.ts'
import { restoreScalers } from './restore-scalers.ts'
import { probeName } from './scheduler-probe.ts'

const limitMs = 60_000

/**
 * Takes off what a release left behind in an environment that it has given free: stamps, held minimums, tombstones, and the probe.
 * None of it counts any more, so what can't be taken off stays, and does no harm.
 */
export const tidyUp = async (environment: KubernetesEnvironment): Promise<void> => {
  const signal = AbortSignal.timeout(limitMs)
  await Promise.all([
    takeStampsOff(environment, signal),
    restoreScalers(environment, signal),
    removeTombstones(environment, signal),
    environment.cluster.client.remove(
      kinds.cronJobs,
      { namespace: environment.namespace, name: probeName },
      { signal, dependents: 'Background' },
    ),
  ])
}

const takeStampsOff = async ({ cluster, namespace }: KubernetesEnvironment, signal: AbortSignal): Promise<void> => {
  const names = [annotation.stamp, annotation.pausedAt, annotation.nudgedAt] as const
  for (const resource of workloadKinds)
    await takeAnnotationsOff({ cluster, resource, namespaces: [namespace] }, names, signal)
}

const removeTombstones = async ({ cluster, namespace }: KubernetesEnvironment, signal: AbortSignal): Promise<void> => {
  const list = await cluster.client.list(kinds.jobs, { namespace, labels: label.tombstone }, { signal })
  if (list.kind !== 'ok') return
  await Promise.all(
    list.value.items
      .filter(isTombstone)
      .map((job) => cluster.client.remove(kinds.jobs, placeOf(job), { signal, dependents: 'Background' })),
  )
}
