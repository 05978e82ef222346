import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js'
import type { PersistentVolumeClaim, ServiceAccount } from 'kubernetes-types/core/v1.js'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import type { Role, RoleBinding } from 'kubernetes-types/rbac/v1.js'
import type { KubernetesObject, Resource } from './resource.ts'

const core = { group: '', version: 'v1', namespaced: true } as const
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true } as const
const keda = { group: 'keda.sh', version: 'v1alpha1', namespaced: true } as const

/** What of KEDA's object is read and written here; its triggers are its own matter. */
export type ScaledObject = KubernetesObject & {
  readonly spec?: {
    readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string }
    readonly minReplicaCount?: number
    readonly maxReplicaCount?: number
    readonly triggers?: readonly {
      readonly authenticationRef?: { readonly name?: string; readonly kind?: string }
    }[]
  }
}
export type TriggerAuthentication = KubernetesObject & {
  readonly spec?: { readonly secretTargetRef?: readonly { readonly name?: string }[] }
}

const serviceAccounts: Resource<ServiceAccount> = { ...core, plural: 'serviceaccounts', kind: 'ServiceAccount' }
const claims: Resource<PersistentVolumeClaim> = {
  ...core,
  plural: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
}
const roles: Resource<Role> = { ...rbac, plural: 'roles', kind: 'Role' }
const roleBindings: Resource<RoleBinding> = { ...rbac, plural: 'rolebindings', kind: 'RoleBinding' }
const networkPolicies: Resource<NetworkPolicy> = {
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'networkpolicies',
  kind: 'NetworkPolicy',
  namespaced: true,
}
const budgets: Resource<PodDisruptionBudget> = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
}
const autoscalers: Resource<HorizontalPodAutoscaler> = {
  group: 'autoscaling',
  version: 'v2',
  plural: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  namespaced: true,
}
const scaledObjects: Resource<ScaledObject> = { ...keda, plural: 'scaledobjects', kind: 'ScaledObject' }
const triggerAuthentications: Resource<TriggerAuthentication> = {
  ...keda,
  plural: 'triggerauthentications',
  kind: 'TriggerAuthentication',
}

/** Kinds of what surrounds a workload and goes with it. */
export const surroundingKinds = {
  serviceAccounts,
  claims,
  roles,
  roleBindings,
  networkPolicies,
  budgets,
  autoscalers,
  scaledObjects,
  triggerAuthentications,
} as const
