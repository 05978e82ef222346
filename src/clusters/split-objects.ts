import type { KubernetesObject } from '../kubernetes/object.ts'
import { isWorkload, readWorkload } from '../kubernetes/workload.ts'

/** What is green in namespaces that both sides share. `suffix`: what names on green end with. */
export type Split = { readonly label: string; readonly value: string; readonly suffix: string }

export type SplitObjects = { readonly blue: readonly KubernetesObject[]; readonly green: readonly KubernetesObject[] }

/**
 * Both sides of namespaces that are split by a label. Green is what has the label (pods of workloads; other objects
 * themselves) or a name with the suffix. What both sides use (accounts, configuration, policies) is on both.
 */
export const splitObjects = (objects: readonly KubernetesObject[], split: Split): SplitObjects => {
  const green = new Set(objects.filter((object) => isGreen(object, split)))
  const names = new Set([...green].map(({ sort, namespace, name }) => `${sort} ${namespace}/${name}`))
  return {
    blue: objects.filter((object) => !green.has(object)),
    green: objects.filter(
      (object) =>
        green.has(object) ||
        (isShared(object) && !names.has(`${object.sort} ${object.namespace}/${object.name}${split.suffix}`)),
    ),
  }
}

const isGreen = (object: KubernetesObject, { label, value, suffix }: Split): boolean => {
  const workload = readWorkload(object)
  if (workload !== null) return workload.podLabels[label] === value
  return object.labels[label] === value || (!isWorkload(object) && object.name.endsWith(suffix))
}

/** Objects of one side only: what runs, what leads there, and what counts or scales it. */
const ofOneSide = new Set([
  'Service',
  'HorizontalPodAutoscaler',
  'PodDisruptionBudget',
  'ScaledObject.keda.sh',
  'TargetGroupBinding.elbv2.k8s.aws',
])

const isShared = (object: KubernetesObject): boolean => !isWorkload(object) && !ofOneSide.has(object.sort)

/** What an object of blue is called on green. `split` null: as on blue. */
export const nameInSplit = (
  green: readonly KubernetesObject[],
  split: Split | null,
): ((object: KubernetesObject) => string) => {
  if (split === null) return ({ name }) => name
  const there = new Set(green.map(({ sort, namespace, name }) => `${sort} ${namespace}/${name}`))
  return (object) => {
    const other = `${object.name}${split.suffix}`
    if (object.namespace === null) return object.name
    return isShared(object) && !there.has(`${object.sort} ${object.namespace}/${other}`) ? object.name : other
  }
}
