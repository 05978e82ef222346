import type { Autoscaler } from './autoscaler.ts'
import { surroundingKinds } from './client/surrounding-kinds.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { restoreScaler } from './share-scaler.ts'
import { hasStamp } from './stamps.ts'

/** Autoscalers get back what they had before a release that has given the environment free: their minimum was held for it. */
export const restoreScalers = async (environment: KubernetesEnvironment, signal: AbortSignal): Promise<void> => {
  const scalers = await stampedScalers(environment, signal)
  await Promise.all(scalers.map((scaler) => restoreScaler(environment, scaler, signal)))
}

/** As they are now: what is put back must be what the stamp says, and not what a watch has seen of it. */
const stampedScalers = async (
  { cluster, namespace }: KubernetesEnvironment,
  signal: AbortSignal,
): Promise<readonly Autoscaler[]> => {
  const [hpas, scaled] = await Promise.all([
    cluster.client.list(surroundingKinds.autoscalers, { namespace }, { signal }),
    // Refused where there is no KEDA: then there is nothing of it to put back either.
    cluster.client.list(surroundingKinds.scaledObjects, { namespace }, { signal }),
  ])
  return [
    ...(hpas.kind === 'ok' ? hpas.value.items.map((object) => ({ kind: 'HPA', object }) as const) : []),
    ...(scaled.kind === 'ok' ? scaled.value.items.map((object) => ({ kind: 'KEDA', object }) as const) : []),
  ].filter(({ object }) => hasStamp(object))
}
