import { isMap } from '../../kubernetes/json.ts'
import type { Json } from '../../moves/goal.ts'

/** Values that API servers fill in where a field is absent, by the field's name: then both say the same. */
const filledIn: Readonly<Record<string, readonly Json[]>> = {
  allocateLoadBalancerNodePorts: [true],
  apiVersion: ['v1'],
  automountServiceAccountToken: [true],
  backoffLimit: [6],
  completionMode: ['NonIndexed'],
  completions: [1],
  concurrencyPolicy: ['Allow'],
  defaultMode: [420],
  dnsPolicy: ['ClusterFirst'],
  enableServiceLinks: [true],
  externalTrafficPolicy: ['Cluster'],
  failedJobsHistoryLimit: [1],
  failureThreshold: [3],
  imagePullPolicy: ['IfNotPresent', 'Always'],
  internalTrafficPolicy: ['Cluster'],
  ipFamilyPolicy: ['SingleStack'],
  maxSurge: ['25%'],
  maxUnavailable: ['25%'],
  minReplicas: [1],
  parallelism: [1],
  pathType: ['ImplementationSpecific'],
  periodSeconds: [10],
  podManagementPolicy: ['OrderedReady'],
  podReplacementPolicy: ['TerminatingOrFailed'],
  preemptionPolicy: ['PreemptLowerPriority'],
  progressDeadlineSeconds: [600],
  protocol: ['TCP'],
  reclaimPolicy: ['Delete'],
  replicas: [1],
  restartPolicy: ['Always'],
  revisionHistoryLimit: [10],
  schedulerName: ['default-scheduler'],
  scheme: ['HTTP'],
  serviceAccountName: ['default'],
  sessionAffinity: ['None'],
  successThreshold: [1],
  successfulJobsHistoryLimit: [3],
  terminationGracePeriodSeconds: [30],
  terminationMessagePath: ['/dev/termination-log'],
  terminationMessagePolicy: ['File'],
  timeoutSeconds: [1],
  type: ['RollingUpdate', 'ClusterIP', 'Opaque'],
  unhealthyPodEvictionPolicy: ['IfHealthyBudget'],
  volumeBindingMode: ['Immediate'],
  volumeMode: ['Filesystem'],
  weight: [1],
  whenDeleted: ['Retain'],
  whenScaled: ['Retain'],
  group: ['gateway.networking.k8s.io'],
}

/** Fields whose zero is the same as nothing; elsewhere 0 is a number like others (`replicas`, `weight`). */
const zeroIsNothing = new Set([
  'minReadySeconds',
  'initialDelaySeconds',
  'hostPort',
  'partition',
  'nodePort',
  'minReplicaCount',
])
/** Fields that are true where they are absent, or whose `false` is a decision. */
const falseMatters = new Set([
  'automountServiceAccountToken',
  'enableServiceLinks',
  'allocateLoadBalancerNodePorts',
  'allowPrivilegeEscalation',
  'runAsNonRoot',
  'served',
])
/** Fields that say something by being there, though there is nothing in them. */
const emptyMatters = new Set([
  'emptyDir',
  'podSelector',
  'namespaceSelector',
  'downwardAPI',
  'serviceAccountToken',
  'storageClassName',
  'default',
])

/** Whether a field that only one side has says no more than its absence. `custom`: of a kind whose defaults nobody knows. */
export const meansNothing = (name: string, value: Json, custom: boolean): boolean => {
  if (value === null) return true
  if (custom || emptyMatters.has(name)) return false
  if (Array.isArray(value)) return value.length === 0
  if (isMap(value)) return Object.entries(value).every(([key, one]) => meansNothing(key, one, custom))
  if (value === '') return true
  if (value === false) return !falseMatters.has(name)
  if (value === 0) return zeroIsNothing.has(name)
  return filledIn[name]?.includes(value) ?? false
}
