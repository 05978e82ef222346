import { at, mapsAt, textAt } from '../kubernetes/json.ts'
import { customKinds } from '../kubernetes/kinds.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import { readWorkload } from '../kubernetes/workload.ts'

/**
 * The objects of an estate: what is in its namespaces, and of the whole cluster only what that uses. A cluster has
 * hundreds of roles and classes of its own, which are nobody's difference.
 */
export const usedObjects = (
  objects: readonly KubernetesObject[],
  namespaces: ReadonlySet<string>,
): readonly KubernetesObject[] => {
  const own = objects.filter(({ namespace }) => namespace !== null)
  const used = new Set([...own.flatMap(classesOf), ...claimedVolumes(objects, namespaces)])
  const bindings = objects.filter((one) => one.sort === 'ClusterRoleBinding' && bindsIn(one, namespaces))
  for (const binding of [...bindings, ...own.filter(({ sort }) => sort === 'RoleBinding')]) used.add(roleOf(binding))
  const kept = new Set(bindings)
  return objects.filter((one) => {
    if (one.namespace !== null || one.sort === 'Node') return true
    return kept.has(one) || used.has(`${one.sort} ${one.name}`) || isDefault(one)
  })
}

const isDefault = ({ annotations, body }: KubernetesObject): boolean =>
  Object.entries(annotations).some(([key, value]) => key.endsWith('/is-default-class') && value === 'true') ||
  at(body, 'globalDefault') === true

/** Classes that an object names, as "KIND NAME". */
const classesOf = (object: KubernetesObject): readonly string[] => {
  const { sort, body, annotations } = object
  const named = (kind: string, name: string | null | undefined): readonly string[] =>
    name === null || name === undefined || name === '' ? [] : [`${kind} ${name}`]
  const ofPod = readWorkload(object)?.pod
  return [
    ...named('PriorityClass', textAt(ofPod, 'priorityClassName')),
    ...named('RuntimeClass', textAt(ofPod, 'runtimeClassName')),
    ...mapsAt(body, 'spec', 'volumeClaimTemplates').flatMap(({ map }) =>
      named('StorageClass', textAt(map, 'spec', 'storageClassName')),
    ),
    ...(sort === 'PersistentVolumeClaim' ? named('StorageClass', textAt(body, 'spec', 'storageClassName')) : []),
    ...(sort === 'Ingress'
      ? named('IngressClass', textAt(body, 'spec', 'ingressClassName') ?? annotations['kubernetes.io/ingress.class'])
      : []),
    ...(sort === customKinds.gateway ? named(customKinds.gatewayClass, textAt(body, 'spec', 'gatewayClassName')) : []),
  ]
}

const claimedVolumes = (objects: readonly KubernetesObject[], namespaces: ReadonlySet<string>): readonly string[] =>
  objects.flatMap((one) =>
    one.sort === 'PersistentVolume' && namespaces.has(textAt(one.body, 'spec', 'claimRef', 'namespace') ?? '')
      ? [`${one.sort} ${one.name}`]
      : [],
  )

const bindsIn = ({ body }: KubernetesObject, namespaces: ReadonlySet<string>): boolean =>
  mapsAt(body, 'subjects').some(
    ({ map }) => map['kind'] === 'ServiceAccount' && namespaces.has(textAt(map, 'namespace') ?? ''),
  )

const roleOf = ({ body }: KubernetesObject): string =>
  `${textAt(body, 'roleRef', 'kind') ?? ''} ${textAt(body, 'roleRef', 'name') ?? ''}`
