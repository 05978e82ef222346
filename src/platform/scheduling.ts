import { mapAt, mapsAt, textAt, textMapAt, textsAt } from '../kubernetes/json.ts'
import type { Workload } from '../kubernetes/workload.ts'

/** A label of a node that a pod must or would like to run on. */
export type Constraint = { readonly key: string; readonly values: readonly string[]; readonly path: string }

const required = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'

/** Labels of nodes that a pod asks for, in its node selector, its node affinity and its tolerations. */
export const constraintsOf = ({ pod, podPath }: Workload): readonly Constraint[] => {
  const affinity = mapAt(pod, 'affinity', 'nodeAffinity')
  const at = `${podPath}.affinity.nodeAffinity`
  const terms = [
    ...mapsAt(affinity, required, 'nodeSelectorTerms').map(({ map, index }) => ({
      term: map,
      path: `${at}.${required}.nodeSelectorTerms[${index}]`,
    })),
    ...mapsAt(affinity, preferred).map(({ map, index }) => ({
      term: mapAt(map, 'preference'),
      path: `${at}.${preferred}[${index}].preference`,
    })),
  ]
  return [
    ...Object.entries(textMapAt(pod, 'nodeSelector')).map(([key, value]) => ({
      key,
      values: [value],
      path: `${podPath}.nodeSelector["${key}"]`,
    })),
    ...terms.flatMap(({ term, path }) =>
      mapsAt(term, 'matchExpressions')
        .filter(({ map }) => map['operator'] === 'In')
        .map(({ map, index }) => ({
          key: textAt(map, 'key') ?? '',
          values: textsAt(map, 'values'),
          path: `${path}.matchExpressions[${index}]`,
        })),
    ),
  ]
}

/** Labels that every node of Fargate has anyway. */
const alwaysTrue: Readonly<Record<string, string>> = {
  'kubernetes.io/os': 'linux',
  'beta.kubernetes.io/os': 'linux',
  'kubernetes.io/arch': 'amd64',
  'beta.kubernetes.io/arch': 'amd64',
  'eks.amazonaws.com/compute-type': 'fargate',
}

/** A node selector that says no more than that a node is one of Fargate's. */
export const isHarmless = ({ key, values }: Pick<Constraint, 'key' | 'values'>): boolean =>
  Object.hasOwn(alwaysTrue, key) && values.includes(alwaysTrue[key] ?? '')
