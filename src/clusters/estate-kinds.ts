import { customKinds } from '../kubernetes/kinds.ts'

/** Kinds that are read in the namespaces of an estate. Pods and runs of schedules are their workloads' business. */
export const namespacedKinds: ReadonlySet<string> = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'CronJob',
  'Job',
  'Service',
  'Ingress',
  'HorizontalPodAutoscaler',
  'PodDisruptionBudget',
  'NetworkPolicy',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ConfigMap',
  'Secret',
  'PersistentVolumeClaim',
  'ResourceQuota',
  'LimitRange',
  customKinds.httpRoute,
  customKinds.grpcRoute,
  customKinds.tcpRoute,
  customKinds.tlsRoute,
  customKinds.gateway,
  customKinds.referenceGrant,
  customKinds.scaledObject,
  customKinds.triggerAuthentication,
  customKinds.rollout,
  customKinds.securityGroupPolicy,
  customKinds.targetGroupBinding,
  customKinds.podIdentityAssociation,
])

/** Kinds of the whole cluster; of these only what the estate uses is kept. */
export const clusterKinds: ReadonlySet<string> = new Set([
  'Node',
  'PersistentVolume',
  'IngressClass',
  'StorageClass',
  'PriorityClass',
  'RuntimeClass',
  'ClusterRole',
  'ClusterRoleBinding',
  customKinds.gatewayClass,
  customKinds.ingressClassParams,
])

/** Kinds that say who manages the estate, or where its pods may run, wherever they are. */
export const managerKinds: ReadonlySet<string> = new Set([customKinds.application, customKinds.fargateProfile])

/** Kinds whose status says something that is asked for; of all others it is left out. */
export const kindsWithStatus: ReadonlySet<string> = new Set(['Node', 'ResourceQuota', customKinds.application])

/** Namespaces of the cluster itself, which no estate is in. */
export const isSystemNamespace = (name: string): boolean => /^kube-(system|public|node-lease)$/.test(name)
