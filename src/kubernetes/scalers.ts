import type { KubernetesIndex } from './index-objects.ts'
import { numberAt, textAt } from './json.ts'
import { customKinds } from './kinds.ts'
import { type KubernetesObject, objectText } from './object.ts'
import type { Workload } from './workload.ts'

/** Autoscalers by the workload that they scale: `Deployment shop/web`. */
export type Scalers = ReadonlyMap<string, readonly KubernetesObject[]>

export const readScalers = (index: KubernetesIndex): Scalers => {
  const scalers = new Map<string, KubernetesObject[]>()
  for (const scaler of [...index.all('HorizontalPodAutoscaler'), ...index.all(customKinds.scaledObject)]) {
    // KEDA makes an autoscaler for each of its own objects: that one is not somebody else.
    if (scaler.owners.some(({ kind }) => kind === 'ScaledObject')) continue
    const kind = textAt(scaler.body, 'spec', 'scaleTargetRef', 'kind') ?? 'Deployment'
    const target = `${kind} ${scaler.namespace}/${textAt(scaler.body, 'spec', 'scaleTargetRef', 'name') ?? ''}`
    scalers.set(target, [...(scalers.get(target) ?? []), scaler])
  }
  return scalers
}

/** How many replicas a workload may have at most: under an autoscaler its maximum, whatever it has just now. */
export const mostReplicas = ({ object, replicas }: Workload, scalers: Scalers): number => {
  const [scaler] = scalers.get(objectText(object)) ?? []
  if (scaler === undefined) return replicas
  // Set to 0, it is left alone.
  if (scaler.sort !== customKinds.scaledObject)
    return replicas === 0 ? 0 : (numberAt(scaler.body, 'spec', 'maxReplicas') ?? replicas)
  const { 'autoscaling.keda.sh/paused': off, 'autoscaling.keda.sh/paused-replicas': held } = scaler.annotations
  if (held !== undefined) return Number(held) || 0
  return off === 'true' ? replicas : (numberAt(scaler.body, 'spec', 'maxReplicaCount') ?? 100)
}
