import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { PodFacts, ToldOf } from './pod-facts.ts'

/** Why a workload is not as it should be, as `kubectl rollout status` sees it, with the reason behind it; null: it is. */
export const rolloutProblem = (
  workload: Deployment | StatefulSet,
  pods: PodFacts,
  toldOf: ToldOf = () => null,
): string | null => {
  const { metadata, spec, status } = workload
  const wanted = spec?.replicas ?? 1
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0))
    return 'its controller has not seen the last change yet'
  const refused = conditionOf(workload, 'ReplicaFailure', 'True')
  // Quotas and admission: the pods were never made.
  if (refused !== null) return `pods can't be made: ${refused}`
  const updated = status?.updatedReplicas ?? 0
  const isUp = pods.ready >= wanted && updated >= Math.min(wanted, updatable(workload, wanted))
  if (isUp) return null
  if (pods.problem !== null) return pods.problem
  // A StatefulSet has no condition for pods that are refused.
  const told = pods.running < wanted ? toldOf(metadata?.uid, (reason) => reason === 'FailedCreate') : null
  if (told !== null) return `pods can't be made: ${told}`
  const late = conditionOf(workload, 'Progressing', 'False')
  if (late !== null) return late
  if (updated < wanted) return `${updated} of ${wanted} replicas are of the newest version`
  return `${pods.ready} of ${wanted} replicas are ready`
}

/** A StatefulSet may keep some of its replicas at the old version on purpose. */
const updatable = (workload: Deployment | StatefulSet, wanted: number): number => {
  const spec: Deployment['spec'] | StatefulSet['spec'] = workload.spec
  if (spec === undefined || !('updateStrategy' in spec)) return wanted
  const { type, rollingUpdate } = spec.updateStrategy ?? {}
  return type === 'OnDelete' ? 0 : wanted - (rollingUpdate?.partition ?? 0)
}

const conditionOf = ({ status }: Deployment | StatefulSet, type: string, value: 'True' | 'False'): string | null => {
  const found = status?.conditions?.find((each) => each.type === type && each.status === value)
  return found === undefined ? null : (found.message ?? found.reason ?? type)
}
