import type { EstateService } from '../inventory/estate.ts'
import { readNetwork } from '../inventory/kubernetes/network.ts'
import { namedServices } from '../inventory/kubernetes/read-environment.ts'
import { readSurroundings } from '../inventory/kubernetes/uses.ts'
import type { KubernetesIndex } from '../kubernetes/index-objects.ts'
import { at } from '../kubernetes/json.ts'
import { customKinds } from '../kubernetes/kinds.ts'
import { type KubernetesObject, objectText } from '../kubernetes/object.ts'
import { readScalers } from '../kubernetes/scalers.ts'
import { isEmptySelector, readSelector } from '../kubernetes/selector.ts'

/** Kinds that a release makes beside a workload that it copies. */
const copiedKinds: ReadonlySet<string> = new Set([
  'ServiceAccount',
  'ConfigMap',
  'Secret',
  'Role',
  'RoleBinding',
  'NetworkPolicy',
  'Service',
  'PodDisruptionBudget',
  'HorizontalPodAutoscaler',
  customKinds.scaledObject,
  customKinds.triggerAuthentication,
])

/**
 * The objects of blue, as people are told them, that a release makes on green: workloads that green doesn't have, and what
 * these need around them. What all of a namespace shares is not among them, as it would change how others run.
 */
export const copiedObjects = (blue: KubernetesIndex, moving: readonly EstateService[]): ReadonlySet<string> => {
  const network = readNetwork(blue)
  const surroundings = readSurroundings({ index: blue, network, scalers: readScalers(blue) })
  const missing = new Set(moving.filter(({ green }) => green === null).map(({ name }) => name))
  const { workloads, names } = namedServices(blue)
  const copied = workloads
    .filter((workload) => missing.has(names(workload)))
    .flatMap((workload) => [workload.object, ...surroundings.of(workload).filter(isCopied)])
  return new Set(copied.map(objectText))
}

const isCopied = (object: KubernetesObject): boolean => {
  if (!copiedKinds.has(object.sort)) return false
  if (object.sort !== 'NetworkPolicy') return true
  const selector = readSelector(at(object.body, 'spec', 'podSelector'))
  return selector !== null && !isEmptySelector(selector)
}
