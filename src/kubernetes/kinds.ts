/** Kinds of Kubernetes itself, and the groups in which they are or were served. */
const ownKinds: Readonly<Record<string, readonly string[]>> = {
  Namespace: [''],
  Node: [''],
  PersistentVolume: [''],
  PersistentVolumeClaim: [''],
  Pod: [''],
  ReplicationController: [''],
  Service: [''],
  Endpoints: [''],
  ConfigMap: [''],
  Secret: [''],
  ServiceAccount: [''],
  LimitRange: [''],
  ResourceQuota: [''],
  Event: ['', 'events.k8s.io'],
  Deployment: ['apps', 'extensions'],
  StatefulSet: ['apps'],
  DaemonSet: ['apps', 'extensions'],
  ReplicaSet: ['apps', 'extensions'],
  ControllerRevision: ['apps'],
  Job: ['batch'],
  CronJob: ['batch'],
  HorizontalPodAutoscaler: ['autoscaling'],
  PodDisruptionBudget: ['policy'],
  Ingress: ['networking.k8s.io', 'extensions'],
  IngressClass: ['networking.k8s.io'],
  NetworkPolicy: ['networking.k8s.io', 'extensions'],
  EndpointSlice: ['discovery.k8s.io'],
  StorageClass: ['storage.k8s.io'],
  CSIDriver: ['storage.k8s.io'],
  VolumeAttachment: ['storage.k8s.io'],
  PriorityClass: ['scheduling.k8s.io'],
  RuntimeClass: ['node.k8s.io'],
  Lease: ['coordination.k8s.io'],
  Role: ['rbac.authorization.k8s.io'],
  RoleBinding: ['rbac.authorization.k8s.io'],
  ClusterRole: ['rbac.authorization.k8s.io'],
  ClusterRoleBinding: ['rbac.authorization.k8s.io'],
  CustomResourceDefinition: ['apiextensions.k8s.io'],
  APIService: ['apiregistration.k8s.io'],
  MutatingWebhookConfiguration: ['admissionregistration.k8s.io'],
  ValidatingWebhookConfiguration: ['admissionregistration.k8s.io'],
  ValidatingAdmissionPolicy: ['admissionregistration.k8s.io'],
  ValidatingAdmissionPolicyBinding: ['admissionregistration.k8s.io'],
}

const clusterWide = new Set([
  'Namespace',
  'Node',
  'PersistentVolume',
  'IngressClass',
  'StorageClass',
  'CSIDriver',
  'VolumeAttachment',
  'PriorityClass',
  'RuntimeClass',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'APIService',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'GatewayClass.gateway.networking.k8s.io',
  'IngressClassParams.elbv2.k8s.aws',
  'ClusterIssuer.cert-manager.io',
  'CiliumClusterwideNetworkPolicy.cilium.io',
])

/** The groups of a kind of Kubernetes itself; null: it is not one. */
export const groupsOf = (kind: string): readonly string[] | null =>
  Object.hasOwn(ownKinds, kind) ? (ownKinds[kind] ?? null) : null

export const isClusterWide = (sort: string): boolean => clusterWide.has(sort)

/** Custom kinds that Titrate reads. */
export const customKinds = {
  httpRoute: 'HTTPRoute.gateway.networking.k8s.io',
  grpcRoute: 'GRPCRoute.gateway.networking.k8s.io',
  tcpRoute: 'TCPRoute.gateway.networking.k8s.io',
  tlsRoute: 'TLSRoute.gateway.networking.k8s.io',
  gateway: 'Gateway.gateway.networking.k8s.io',
  gatewayClass: 'GatewayClass.gateway.networking.k8s.io',
  referenceGrant: 'ReferenceGrant.gateway.networking.k8s.io',
  scaledObject: 'ScaledObject.keda.sh',
  triggerAuthentication: 'TriggerAuthentication.keda.sh',
  rollout: 'Rollout.argoproj.io',
  application: 'Application.argoproj.io',
  securityGroupPolicy: 'SecurityGroupPolicy.vpcresources.k8s.aws',
  ingressClassParams: 'IngressClassParams.elbv2.k8s.aws',
  targetGroupBinding: 'TargetGroupBinding.elbv2.k8s.aws',
  podIdentityAssociation: 'PodIdentityAssociation.eks.services.k8s.aws',
  fargateProfile: 'FargateProfile.eks.services.k8s.aws',
  kustomization: 'Kustomization.kustomize.config.k8s.io',
} as const

const read = new Set<string>(Object.values(customKinds))

/** Whether Titrate knows what objects of a kind mean. */
export const isKnownKind = (sort: string): boolean => (!sort.includes('.') ? groupsOf(sort) !== null : read.has(sort))
