import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { at, mapAt, mapsAt, textAt, textsAt } from '../../kubernetes/json.ts'
import { customKinds } from '../../kubernetes/kinds.ts'
import { type KubernetesObject, objectText } from '../../kubernetes/object.ts'
import { accountName, podReferences } from '../../kubernetes/pod-references.ts'
import type { Scalers } from '../../kubernetes/scalers.ts'
import { everything, readSelector } from '../../kubernetes/selector.ts'
import type { Workload } from '../../kubernetes/workload.ts'
import { byText } from '../ordering.ts'
import type { Network } from './network.ts'

/** The objects around a workload, each with what must be known of it; of Secrets names and keys, never more. */
export type Surroundings = {
  readonly of: (workload: Workload) => readonly KubernetesObject[]
  /** Rules by which its ServiceAccount may write leases: it elects a leader. */
  readonly leases: (workload: Workload) => string | null
}

type Context = { readonly index: KubernetesIndex; readonly network: Network; readonly scalers: Scalers }

export const readSurroundings = ({ index, network, scalers }: Context): Surroundings => {
  const selecting = selectingObjects(index)
  const bindings = bindingsOf(index)
  return {
    of: (workload) =>
      once([
        ...network.servicesOf(workload).map(({ object }) => object),
        ...(scalers.get(objectText(workload.object)) ?? []),
        ...(scalers.get(objectText(workload.object)) ?? []).flatMap((scaler) => authenticationsOf(scaler, index)),
        ...(selecting.get(workload) ?? []),
        ...accountOf(workload, index),
        ...(bindings.get(accountKey(workload)) ?? []).flatMap(({ binding, role }) =>
          role === null ? [binding] : [binding, role],
        ),
        ...configurationOf(workload, index),
        ...claimsOf(workload, index),
        ...named(index, 'PriorityClass', null, textAt(workload.pod, 'priorityClassName')),
      ]),
    leases: (workload) => {
      const role = (bindings.get(accountKey(workload)) ?? [])
        .map((one) => one.role)
        .find((one) => one !== null && writesLeases(one))
      return role === undefined || role === null
        ? null
        : `of its leader election (${objectText(role)} lets it write leases)`
    },
  }
}

const once = (objects: readonly KubernetesObject[]): readonly KubernetesObject[] => [...new Set(objects)]

const named = (
  index: KubernetesIndex,
  sort: string,
  namespace: string | null,
  name: string | null,
): readonly KubernetesObject[] => {
  const found = name === null ? null : index.get(sort, namespace, name)
  return found === null ? [] : [found]
}

/** What KEDA logs in with for a workload, and the Secrets that this names. */
const authenticationsOf = (scaler: KubernetesObject, index: KubernetesIndex): readonly KubernetesObject[] =>
  mapsAt(scaler.body, 'spec', 'triggers').flatMap(({ map }) => {
    const isOfNamespace =
      (textAt(map, 'authenticationRef', 'kind') ?? 'TriggerAuthentication') === 'TriggerAuthentication'
    const name = isOfNamespace ? textAt(map, 'authenticationRef', 'name') : null
    const found = named(index, customKinds.triggerAuthentication, scaler.namespace, name)
    const secrets = found.flatMap(({ body, namespace }) =>
      mapsAt(body, 'spec', 'secretTargetRef').flatMap((one) =>
        named(index, 'Secret', namespace, textAt(one.map, 'name')),
      ),
    )
    return [...found, ...secrets]
  })

/** Budgets and policies, by the workloads that they select. */
const selectingObjects = (index: KubernetesIndex): ReadonlyMap<Workload, readonly KubernetesObject[]> => {
  const selecting = new Map<Workload, KubernetesObject[]>()
  const selectors = [
    ...index.all('PodDisruptionBudget').map((one) => [one, at(one.body, 'spec', 'selector')] as const),
    ...index.all('NetworkPolicy').map((one) => [one, at(one.body, 'spec', 'podSelector')] as const),
    ...index.all(customKinds.securityGroupPolicy).map((one) => [one, at(one.body, 'spec', 'podSelector')] as const),
  ]
  for (const [object, value] of selectors) {
    const selector = readSelector(value) ?? (object.sort === 'NetworkPolicy' ? everything : null)
    if (selector === null) continue
    for (const workload of index.selected(object.namespace ?? '', selector)) {
      const known = selecting.get(workload)
      if (known) known.push(object)
      else selecting.set(workload, [object])
    }
  }
  return selecting
}

const accountKey = (workload: Workload): string => `${workload.namespace}/${accountName(workload)}`
const accountOf = (workload: Workload, index: KubernetesIndex): readonly KubernetesObject[] =>
  named(index, 'ServiceAccount', workload.namespace, accountName(workload)).flatMap((account) => [
    account,
    ...mapsAt(account.body, 'imagePullSecrets').flatMap(({ map }) =>
      named(index, 'Secret', workload.namespace, textAt(map, 'name')),
    ),
  ])

type Bound = { readonly binding: KubernetesObject; readonly role: KubernetesObject | null }

const bindingsOf = (index: KubernetesIndex): ReadonlyMap<string, readonly Bound[]> => {
  const bindings = new Map<string, Bound[]>()
  for (const binding of [...index.all('RoleBinding'), ...index.all('ClusterRoleBinding')]) {
    const kind = textAt(binding.body, 'roleRef', 'kind') ?? 'Role'
    const role = index.get(
      kind,
      kind === 'Role' ? binding.namespace : null,
      textAt(binding.body, 'roleRef', 'name') ?? '',
    )
    for (const { map } of mapsAt(binding.body, 'subjects')) {
      if (map['kind'] !== 'ServiceAccount') continue
      const key = `${textAt(map, 'namespace') ?? binding.namespace ?? ''}/${textAt(map, 'name') ?? ''}`
      bindings.set(key, [...(bindings.get(key) ?? []), { binding, role }])
    }
  }
  return bindings
}

const writesLeases = ({ body }: KubernetesObject): boolean =>
  mapsAt(body, 'rules').some(({ map }) => {
    const [groups, resources, verbs] = [textsAt(map, 'apiGroups'), textsAt(map, 'resources'), textsAt(map, 'verbs')]
    return (
      groups.includes('coordination.k8s.io') &&
      resources.includes('leases') &&
      verbs.some((verb) => ['create', 'update', 'patch', '*'].includes(verb))
    )
  })

/** ConfigMaps and Secrets that its variables come from or that it mounts, and those that pull its images. */
const configurationOf = (workload: Workload, index: KubernetesIndex): readonly KubernetesObject[] =>
  podReferences(workload).flatMap(({ sort, name }) =>
    sort === 'PersistentVolumeClaim' ? [] : named(index, sort, workload.namespace, name),
  )

const claimsOf = ({ pod, namespace, object }: Workload, index: KubernetesIndex): readonly KubernetesObject[] => {
  const claims = mapsAt(pod, 'volumes').flatMap(({ map }) =>
    named(index, 'PersistentVolumeClaim', namespace, textAt(map, 'persistentVolumeClaim', 'claimName')),
  )
  const classes = [
    ...claims.map(({ body }) => textAt(body, 'spec', 'storageClassName')),
    ...mapsAt(object.body, 'spec', 'volumeClaimTemplates').map(({ map }) => textAt(map, 'spec', 'storageClassName')),
  ]
  return [...claims, ...classes.flatMap((name) => named(index, 'StorageClass', null, name))]
}

/** An object as the estate lists it, with the little that matters of it. */
export const describeUse = ({ kind, name, sort, body, annotations }: KubernetesObject): string => {
  const detail = ((): string | null => {
    switch (sort) {
      case 'ConfigMap':
      case 'Secret': {
        const keys = [
          ...Object.keys(mapAt(body, 'data')),
          ...Object.keys(mapAt(body, 'stringData')),
          ...Object.keys(mapAt(body, 'binaryData')),
        ]
        return `keys: ${[...new Set(keys)].sort(byText).join(', ') || 'none'}`
      }
      case 'ServiceAccount':
        return annotations['eks.amazonaws.com/role-arn'] === undefined
          ? null
          : `role ${annotations['eks.amazonaws.com/role-arn']}`
      case 'PersistentVolumeClaim':
        return textAt(body, 'spec', 'storageClassName')
      case 'StorageClass':
        return textAt(body, 'provisioner')
      default:
        return null
    }
  })()
  return `${kind} ${name}${detail === null ? '' : ` (${detail})`}`
}
