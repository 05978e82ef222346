import { at, type JsonMap, mapsAt, type Step, textAt } from './json.ts'
import type { Workload } from './workload.ts'

/** Something that pods need by its name, in their own namespace. `optional`: they start without it. */
export type PodReference = {
  readonly sort: 'ConfigMap' | 'Secret' | 'PersistentVolumeClaim'
  readonly name: string
  readonly optional: boolean
}

/** What the pods of a workload refer to by name: variables first, then volumes, then the secrets that pull images. */
export const podReferences = ({ pod, containers }: Pick<Workload, 'pod' | 'containers'>): readonly PodReference[] => {
  const found = [
    ...containers.flatMap(({ body }) => [
      ...mapsAt(body, 'envFrom').flatMap(({ map }) => [
        ...reference('ConfigMap', map, ['configMapRef', 'name']),
        ...reference('Secret', map, ['secretRef', 'name']),
      ]),
      ...mapsAt(body, 'env').flatMap(({ map }) => [
        ...reference('ConfigMap', map, ['valueFrom', 'configMapKeyRef', 'name']),
        ...reference('Secret', map, ['valueFrom', 'secretKeyRef', 'name']),
      ]),
    ]),
    ...mapsAt(pod, 'volumes').flatMap(({ map }) => [
      ...reference('ConfigMap', map, ['configMap', 'name']),
      ...reference('Secret', map, ['secret', 'secretName']),
      ...reference('PersistentVolumeClaim', map, ['persistentVolumeClaim', 'claimName']),
      ...mapsAt(map, 'projected', 'sources').flatMap(({ map: source }) => [
        ...reference('ConfigMap', source, ['configMap', 'name']),
        ...reference('Secret', source, ['secret', 'name']),
      ]),
    ]),
    ...mapsAt(pod, 'imagePullSecrets').flatMap(({ map }) => reference('Secret', map, ['name'], true)),
  ]
  const once = new Map<string, PodReference>()
  for (const one of found) {
    const key = `${one.sort} ${one.name}`
    // Needed once is needed.
    once.set(key, { ...one, optional: one.optional && (once.get(key)?.optional ?? true) })
  }
  return [...once.values()]
}

const reference = (
  sort: PodReference['sort'],
  map: JsonMap,
  path: readonly Step[],
  optional = at(map, ...path.slice(0, -1), 'optional') === true,
): readonly PodReference[] => {
  const name = textAt(map, ...path)
  return name === null ? [] : [{ sort, name, optional }]
}

/** The ServiceAccount of its pods. */
export const accountName = ({ pod }: Pick<Workload, 'pod'>): string =>
  textAt(pod, 'serviceAccountName') ?? textAt(pod, 'serviceAccount') ?? 'default'
