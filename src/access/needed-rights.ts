import type { Side } from '../moves/goal.ts'
import type { Right } from './right.ts'
import { routerRights } from './router-rights.ts'

/** What a right is about, by the kind as objects name it. */
const resources = {
  Namespace: ['', 'namespaces'],
  Pod: ['', 'pods'],
  Service: ['', 'services'],
  ConfigMap: ['', 'configmaps'],
  Secret: ['', 'secrets'],
  Event: ['', 'events'],
  ServiceAccount: ['', 'serviceaccounts'],
  PersistentVolumeClaim: ['', 'persistentvolumeclaims'],
  ResourceQuota: ['', 'resourcequotas'],
  LimitRange: ['', 'limitranges'],
  Deployment: ['apps', 'deployments'],
  StatefulSet: ['apps', 'statefulsets'],
  DaemonSet: ['apps', 'daemonsets'],
  ReplicaSet: ['apps', 'replicasets'],
  CronJob: ['batch', 'cronjobs'],
  Job: ['batch', 'jobs'],
  Ingress: ['networking.k8s.io', 'ingresses'],
  NetworkPolicy: ['networking.k8s.io', 'networkpolicies'],
  HorizontalPodAutoscaler: ['autoscaling', 'horizontalpodautoscalers'],
  PodDisruptionBudget: ['policy', 'poddisruptionbudgets'],
  Role: ['rbac.authorization.k8s.io', 'roles'],
  RoleBinding: ['rbac.authorization.k8s.io', 'rolebindings'],
  ClusterRole: ['rbac.authorization.k8s.io', 'clusterroles'],
  ValidatingAdmissionPolicy: ['admissionregistration.k8s.io', 'validatingadmissionpolicies'],
  ValidatingAdmissionPolicyBinding: ['admissionregistration.k8s.io', 'validatingadmissionpolicybindings'],
  Node: ['', 'nodes'],
  PersistentVolume: ['', 'persistentvolumes'],
  StorageClass: ['storage.k8s.io', 'storageclasses'],
  PriorityClass: ['scheduling.k8s.io', 'priorityclasses'],
  RuntimeClass: ['node.k8s.io', 'runtimeclasses'],
  IngressClass: ['networking.k8s.io', 'ingressclasses'],
  ClusterRoleBinding: ['rbac.authorization.k8s.io', 'clusterrolebindings'],
  Application: ['argoproj.io', 'applications'],
  FargateProfile: ['eks.services.k8s.aws', 'fargateprofiles'],
  Rollout: ['argoproj.io', 'rollouts'],
  HTTPRoute: ['gateway.networking.k8s.io', 'httproutes'],
  GRPCRoute: ['gateway.networking.k8s.io', 'grpcroutes'],
  TCPRoute: ['gateway.networking.k8s.io', 'tcproutes'],
  TLSRoute: ['gateway.networking.k8s.io', 'tlsroutes'],
  Gateway: ['gateway.networking.k8s.io', 'gateways'],
  ReferenceGrant: ['gateway.networking.k8s.io', 'referencegrants'],
  GatewayClass: ['gateway.networking.k8s.io', 'gatewayclasses'],
  SecurityGroupPolicy: ['vpcresources.k8s.aws', 'securitygrouppolicies'],
  TargetGroupBinding: ['elbv2.k8s.aws', 'targetgroupbindings'],
  IngressClassParams: ['elbv2.k8s.aws', 'ingressclassparams'],
  PodIdentityAssociation: ['eks.services.k8s.aws', 'podidentityassociations'],
  ScaledObject: ['keda.sh', 'scaledobjects'],
  TriggerAuthentication: ['keda.sh', 'triggerauthentications'],
} as const satisfies Readonly<Record<string, readonly [group: string, plural: string]>>

type Kind = keyof typeof resources

/** Something that moves. `uses`: what is around it, as "KIND NAME", which a copy needs too. */
export type MovingWorkload = {
  readonly kind: 'Deployment' | 'StatefulSet' | 'CronJob'
  readonly uses: readonly string[]
}

export type RightsAsked = {
  readonly side: Side
  readonly namespace: string
  readonly workloads: readonly MovingWorkload[]
  /** Whether what services need is tried by a Job here before they move. */
  readonly probes: boolean
}

type Wanted = readonly [verbs: readonly string[], kind: Kind, why: string, more?: More]
type More = {
  readonly subresource?: string
  readonly name?: string
  readonly need?: Right['need']
  /** In all namespaces, or of a kind that has none. */
  readonly everywhere?: boolean
}

const follow = ['get', 'list', 'watch'] as const

/**
 * All that a release does in one namespace of one side, and no more: what moves decides. The order is that in which
 * people read it: looking, the claim, what moves, copies.
 */
export const neededRights = (asked: RightsAsked): readonly Right[] => {
  const { side, namespace, workloads } = asked
  const has = (kind: MovingWorkload['kind']): boolean => workloads.some((one) => one.kind === kind)
  const used = [...new Set(workloads.flatMap(({ uses }) => uses))].toSorted()
  const wanted: readonly Wanted[] = [
    ...looking(namespace),
    ...following,
    ...claim,
    ...(has('Deployment') ? replicas('Deployment') : []),
    ...(has('StatefulSet') ? replicas('StatefulSet') : []),
    ...(has('CronJob') ? [...schedules, ...guard(namespace)] : []),
    ...(asked.probes ? probing : []),
    ...autoscaling(used),
    ...(side === 'green' ? copies(workloads, used) : sources(used)),
  ]
  return once(wanted.flatMap((one) => rightsOf(one, namespace)))
}

const rightsOf = ([verbs, kind, why, more = {}]: Wanted, namespace: string): readonly Right[] => {
  const [group, plural] = resources[kind]
  const { subresource, name, need = 'to move', everywhere = false } = more
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`
  const only = name === undefined || name === anyName ? null : name
  const place = everywhere ? null : namespace
  return verbs.map((verb) => ({ verb, group, resource, namespace: place, name: only, need, why }))
}

/** The same right is asked for once, by what needs it most. */
const once = (rights: readonly Right[]): readonly Right[] => {
  const kept = new Map<string, Right>()
  for (const right of rights) {
    const key = `${right.verb} ${right.group} ${right.resource} ${right.name ?? ''}`
    const known = kept.get(key)
    if (known === undefined || (known.need === 'to look' && right.need === 'to move')) kept.set(key, right)
  }
  // What may be done to all objects need not be given by name as well.
  const whole = new Set([...kept.values()].filter(({ name, need }) => name === null && need === 'to move').map(keyOf))
  return [...kept.values()].filter((right) => right.name === null || !whole.has(keyOf(right)))
}

/** What any release may need in a namespace, whatever moves there: for those who give rights before there is a plan. */
export const rightsOfAnyRelease = (side: Side, namespace: string): readonly Right[] => [
  ...neededRights({
    side,
    namespace,
    probes: true,
    workloads: (['Deployment', 'StatefulSet', 'CronJob'] as const).map((kind) => ({
      kind,
      uses: copiedKinds.map((one) => `${one} ${anyName}`),
    })),
  }),
  ...routerRights({
    namespace,
    hasRoutes: side === 'blue',
    keepsClaim: side === 'blue',
    hasBackends: true,
    leadsAway: side === 'blue',
  }),
]

/** Stands for objects whose names aren't known yet. */
const anyName = '*'

const keyOf = ({ verb, group, resource }: Right): string => `${verb} ${group} ${resource}`

const look = 'to see what is there, and how both sides differ'

/** Kinds that are read in a namespace; those that a cluster does not serve do no harm in a role. */
const lookedAt: readonly Kind[] = [
  ...(['Service', 'ConfigMap', 'Secret', 'DaemonSet', 'Job', 'ServiceAccount', 'PersistentVolumeClaim'] as const),
  ...(['HorizontalPodAutoscaler', 'PodDisruptionBudget', 'Ingress', 'NetworkPolicy', 'Role', 'RoleBinding'] as const),
  ...(['ResourceQuota', 'LimitRange', 'ScaledObject', 'TriggerAuthentication', 'Rollout', 'HTTPRoute'] as const),
  ...(['GRPCRoute', 'TCPRoute', 'TLSRoute', 'Gateway', 'ReferenceGrant', 'SecurityGroupPolicy'] as const),
  ...(['TargetGroupBinding', 'PodIdentityAssociation'] as const),
]

/** Kinds without namespaces, and what tools keep elsewhere: read to see whether what the namespace uses is there. */
const lookedAtEverywhere: readonly Kind[] = [
  ...(['Node', 'PersistentVolume', 'StorageClass', 'PriorityClass', 'RuntimeClass', 'IngressClass'] as const),
  ...([
    'ClusterRole',
    'ClusterRoleBinding',
    'GatewayClass',
    'IngressClassParams',
    'Application',
    'FargateProfile',
  ] as const),
]

const looking = (namespace: string): readonly Wanted[] => [
  [['get'], 'Namespace', 'to see that it is there, and not being deleted', { name: namespace, need: 'to look' }],
  ...lookedAt.map((kind): Wanted => [['list'], kind, look, { need: 'to look' }]),
  ...lookedAtEverywhere.map((kind): Wanted => [['list'], kind, look, { need: 'to look', everywhere: true }]),
]

const followed = 'to follow what runs, instead of asking again and again'

const following: readonly Wanted[] = [
  ...(['Deployment', 'StatefulSet', 'CronJob', 'Job'] as const).map((kind): Wanted => [follow, kind, followed]),
  ...(['ReplicaSet', 'Pod', 'Service'] as const).map((kind): Wanted => [['list', 'watch'], kind, followed]),
  [['list', 'watch'], 'Event', 'to say why pods are not made, or not ready', { need: 'to look' }],
  [['get'], 'Pod', 'to show the last lines of a pod that fails', { subresource: 'log', need: 'to look' }],
]

const claim: readonly Wanted[] = [
  [['create'], 'ConfigMap', 'to write down that this namespace belongs to the release'],
  [
    ['get', 'list', 'watch', 'patch'],
    'ConfigMap',
    'to keep whose the namespace is, and to see that somebody else took it',
    { name: 'titrate-claim' },
  ],
]

const replicas = (kind: 'Deployment' | 'StatefulSet'): readonly Wanted[] => [
  [['patch'], kind, 'to set replicas, and to stamp what it was before'],
]

const schedules: readonly Wanted[] = [
  [['patch'], 'CronJob', 'to suspend a schedule on one side and let it go on the other'],
  [['patch'], 'CronJob', 'to tell a schedule which ticks are done', { subresource: 'status' }],
  [['create'], 'CronJob', 'to see by a probe (titrate-probe) that the scheduler has looked'],
  [
    ['create', 'delete'],
    'Job',
    'to fence ticks that belong to the other side, and to catch up on those that were missed',
  ],
  [['list', 'watch'], 'Event', 'to know of runs whose Jobs are gone'],
]

/** As the provider calls it; a test holds both to the same. */
export const guardOf = (namespace: string): string => `titrate-${namespace}`

/** The policy that keeps others from unsuspending what was handed over. Without it that guarantee is labelled as missing. */
const guard = (namespace: string): readonly Wanted[] =>
  (['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'] as const).map(
    (kind): Wanted => [
      ['create', 'patch', 'delete'],
      kind,
      'to keep others from unsuspending schedules that were handed over',
      { name: guardOf(namespace), need: 'to look', everywhere: true },
    ],
  )

/** A Job that a service's own account runs as; where it can't be made, its service is said not to be checked. */
const probing: readonly Wanted[] = [
  [
    ['create', 'delete'],
    'Job',
    'to try what a service needs, as its own account, before it moves',
    { need: 'to look' },
  ],
]

const scalers = 'to leave replicas to an autoscaler, within its share'

const autoscaling = (used: readonly string[]): readonly Wanted[] => {
  const isUsed = (kind: Kind): boolean => used.some((one) => one.startsWith(`${kind} `))
  return [
    [['list', 'watch'], 'HorizontalPodAutoscaler', scalers],
    ...(isUsed('HorizontalPodAutoscaler') ? ([[['get', 'patch'], 'HorizontalPodAutoscaler', scalers]] as const) : []),
    ...(isUsed('ScaledObject') ? ([[[...follow, 'patch'], 'ScaledObject', scalers]] as const) : []),
  ]
}

/** Kinds around a workload that are made with its copy. */
const copiedKinds: readonly Kind[] = [
  ...(['ServiceAccount', 'ConfigMap', 'Secret', 'Service', 'NetworkPolicy', 'PodDisruptionBudget'] as const),
  ...(['Role', 'RoleBinding', 'HorizontalPodAutoscaler', 'ScaledObject', 'TriggerAuthentication'] as const),
]

/** Every namespace has an account `default` by itself: it is looked at, and never copied. */
const isGiven = (use: string): boolean => /^ServiceAccount default\b/.test(use)

const namesOf = (used: readonly string[], kind: Kind): readonly string[] =>
  used.flatMap((one) => (one.startsWith(`${kind} `) && !isGiven(one) ? (one.split(/\s+/)[1] ?? []) : []))

const source = 'to copy what a workload needs around it'

/** What is read on blue to be made on green. Secrets by name: no others are looked into for that. */
const sources = (used: readonly string[]): readonly Wanted[] => [
  [['get'], 'ServiceAccount', source, { name: 'default' }],
  ...copiedKinds.flatMap((kind): readonly Wanted[] =>
    namesOf(used, kind).map((name) => [['get'], kind, source, { name }]),
  ),
  ...(['Role', 'RoleBinding', 'NetworkPolicy', 'PodDisruptionBudget'] as const).map(
    (kind): Wanted => [['list', 'watch'], kind, source],
  ),
  ...volumes(used),
]

const volumes = (used: readonly string[]): readonly Wanted[] =>
  namesOf(used, 'PersistentVolumeClaim').map((name) => [
    ['get'],
    'PersistentVolumeClaim',
    'to see whether both sides share a volume',
    { name },
  ])

const copies = (workloads: readonly MovingWorkload[], used: readonly string[]): readonly Wanted[] => {
  const moving = [...new Set(workloads.map(({ kind }) => kind))]
  return [
    ...moving.map((kind): Wanted => [['create', 'patch'], kind, 'to copy, asleep, what green does not have']),
    ...copiedKinds.flatMap((kind): readonly Wanted[] => {
      const names = namesOf(used, kind)
      if (names.length === 0) return []
      const own: readonly Wanted[] = [
        [['create'], kind, source],
        ...names.map((name): Wanted => [['get', 'patch'], kind, source, { name }]),
      ]
      // The API server lets nobody give rights that they don't have, unless they may do just that.
      const escalation =
        kind === 'Role' ? names.map((name): Wanted => [['escalate', 'bind'], kind, rolesToo, { name }]) : []
      return [...own, ...escalation]
    }),
    ...volumes(used),
    ...namesOf(used, 'ClusterRole').map((name): Wanted => [['bind'], 'ClusterRole', rolesToo, { name }]),
  ]
}

const rolesToo =
  'to copy a Role whose rights Titrate does not have itself; leave it out where the Role is on green already'
