import { type KubernetesObject, objectKey } from './object.ts'
import { isEmptySelector, type Selector, selects } from './selector.ts'
import { isMadeByWorkload, readWorkload, type Workload } from './workload.ts'

/** The objects of one environment, as rules look them up. */
export type KubernetesIndex = {
  readonly objects: readonly KubernetesObject[]
  /** Those that nobody else made, in the order in which they came. */
  readonly workloads: readonly Workload[]
  /** All objects of a kind: `Deployment`, `ScaledObject.keda.sh`. */
  readonly all: (sort: string) => readonly KubernetesObject[]
  readonly get: (sort: string, namespace: string | null, name: string) => KubernetesObject | null
  /** The workloads whose pods a selector takes. */
  readonly selected: (namespace: string, selector: Selector) => readonly Workload[]
  readonly inNamespace: (namespace: string) => readonly Workload[]
}

export const indexObjects = (objects: readonly KubernetesObject[]): KubernetesIndex => {
  const bySort = Map.groupBy(objects, ({ sort }) => sort)
  const byKey = new Map(objects.map((object) => [objectKey(object), object]))
  const workloads = objects.flatMap((object) => (isMadeByWorkload(object) ? [] : (readWorkload(object) ?? [])))
  const byNamespace = Map.groupBy(workloads, ({ namespace }) => namespace)
  const byLabel = new Map<string, Workload[]>()
  for (const workload of workloads) {
    for (const [key, value] of Object.entries(workload.podLabels)) {
      const label = `${workload.namespace}\n${key}\n${value}`
      const known = byLabel.get(label)
      if (known) known.push(workload)
      else byLabel.set(label, [workload])
    }
  }
  /** Those that have the selector's rarest label: looking at all of them for each selector would be slow. */
  const candidates = (namespace: string, { labels }: Selector): readonly Workload[] => {
    let fewest: readonly Workload[] = byNamespace.get(namespace) ?? []
    for (const [key, value] of Object.entries(labels)) {
      const having = byLabel.get(`${namespace}\n${key}\n${value}`) ?? []
      if (having.length < fewest.length) fewest = having
    }
    return fewest
  }
  return {
    objects,
    workloads,
    all: (sort) => bySort.get(sort) ?? [],
    get: (sort, namespace, name) => byKey.get(objectKey({ sort, namespace, name })) ?? null,
    inNamespace: (namespace) => byNamespace.get(namespace) ?? [],
    selected: (namespace, selector) => {
      const all = candidates(namespace, selector)
      return isEmptySelector(selector) ? all : all.filter(({ podLabels }) => selects(selector, podLabels))
    },
  }
}
