import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { at, mapsAt, textAt, textsAt } from '../../kubernetes/json.ts'
import { customKinds } from '../../kubernetes/kinds.ts'
import type { KubernetesObject } from '../../kubernetes/object.ts'
import { everything, readSelector } from '../../kubernetes/selector.ts'
import { greenCluster } from '../profiles.ts'
import { found, guide, listNames, type Outcome, type Rule } from '../rule.ts'

const alb = guide('alb-ingress')
const nlb = guide('network-load-balancing')
const albTarget = 'alb.ingress.kubernetes.io/target-type'
const nlbTarget = 'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type'
const balancerType = 'service.beta.kubernetes.io/aws-load-balancer-type'

/** Whether an Ingress is one for an Application Load Balancer; null: nothing says which controller takes it. */
const isAlb = (ingress: KubernetesObject, index: KubernetesIndex): boolean | null => {
  const named =
    textAt(ingress.body, 'spec', 'ingressClassName') ?? ingress.annotations['kubernetes.io/ingress.class'] ?? null
  const ingressClass = named === null ? defaultClass(index) : index.get('IngressClass', null, named)
  if (ingressClass !== null) return /\/alb$/.test(textAt(ingressClass.body, 'spec', 'controller') ?? '')
  if (named !== null) return /alb/.test(named)
  return Object.keys(ingress.annotations).some((key) => key.startsWith('alb.ingress.kubernetes.io/')) ? true : null
}

const defaultClass = (index: KubernetesIndex): KubernetesObject | null =>
  index
    .all('IngressClass')
    .find(({ annotations }) => annotations['ingressclass.kubernetes.io/is-default-class'] === 'true') ?? null

/** The target type that the class's parameters give; null: none. */
const typeOfClass = (ingress: KubernetesObject, index: KubernetesIndex): string | null => {
  const named = textAt(ingress.body, 'spec', 'ingressClassName')
  const ingressClass = named === null ? defaultClass(index) : index.get('IngressClass', null, named)
  const parameters = ingressClass === null ? null : textAt(ingressClass.body, 'spec', 'parameters', 'name')
  const found = parameters === null ? null : index.get(customKinds.ingressClassParams, null, parameters)
  return found === null ? null : textAt(found.body, 'spec', 'targetType')
}

const servicesOf = (ingress: KubernetesObject): readonly string[] => [
  ...mapsAt(ingress.body, 'spec', 'rules').flatMap(({ map }) =>
    mapsAt(map, 'http', 'paths').flatMap(
      ({ map: path }) => textAt(path, 'backend', 'service', 'name') ?? textAt(path, 'backend', 'serviceName') ?? [],
    ),
  ),
  ...[textAt(ingress.body, 'spec', 'defaultBackend', 'service', 'name')].filter((one) => one !== null),
]

const lookAtIngress = (ingress: KubernetesObject, index: KubernetesIndex): readonly Outcome[] => {
  if (isAlb(ingress, index) === false) return []
  const own = ingress.annotations[albTarget] ?? typeOfClass(ingress, index)
  if (own === 'ip') return []
  // A Service's own annotation wins over that of the Ingress.
  const services = [...new Set(servicesOf(ingress))]
  const others = services.filter(
    (name) => index.get('Service', ingress.namespace, name)?.annotations[albTarget] !== 'ip',
  )
  if (services.length > 0 && others.length === 0) return []
  const said =
    own === null || own === undefined
      ? 'says no target type, and the default is instance'
      : `has the target type ${own}`
  return [
    found(
      ingress,
      `metadata.annotations["${albTarget}"]`,
      `the Ingress ${said}${others.length === 0 ? '' : `, for ${listNames(others)}`}`,
    ),
  ]
}

const lookAtService = (service: KubernetesObject): readonly Outcome[] => {
  const type = textAt(service.body, 'spec', 'type')
  if (type === 'NodePort') return [found(service, 'spec.type', 'the Service is reached by a port of nodes')]
  if (type !== 'LoadBalancer') return []
  const target = service.annotations[nlbTarget]
  if (target === 'ip' || service.annotations[balancerType] === 'nlb-ip') return []
  const said = target === undefined ? 'says no target type' : `has the target type ${target}`
  return [
    found(service, `metadata.annotations["${nlbTarget}"]`, `the load balancer of the Service ${said}; expected ip`),
  ]
}

/** FG26, FG27, FG29, FG30, FG41: how pods are reached, and what guards them. */
export const networkRules: readonly Rule[] = [
  {
    id: 'FG26',
    looksAt: `Ingress for an ALB: \`${albTarget}\` absent or not \`ip\``,
    severity: 'error',
    says: 'A load balancer reaches pods on Fargate by their addresses only.',
    fix: `Annotate the Ingress with \`${albTarget}: ip\`.`,
    sources: [alb, guide('fargate')],
    needs: [],
    find: ({ index }) => index.all('Ingress').flatMap((ingress) => lookAtIngress(ingress, index)),
  },
  {
    id: 'FG27',
    looksAt: 'Service of type LoadBalancer without IP targets, or NodePort',
    severity: 'error',
    says: 'A load balancer reaches pods on Fargate by their addresses only.',
    fix: `Annotate it with \`${balancerType}: external\` and \`${nlbTarget}: ip\`; make a NodePort a ClusterIP.`,
    sources: [nlb, guide('fargate')],
    needs: [],
    find: ({ index }) => index.all('Service').flatMap(lookAtService),
  },
  {
    id: 'FG29',
    looksAt: 'NetworkPolicy that selects a pod',
    severity: 'error',
    says: 'Policies of the VPC CNI cover EC2 nodes with Linux only: on Fargate the pod is silently open.',
    fix: 'Guard it by a SecurityGroupPolicy instead, and test that what was refused is refused.',
    sources: [guide('cni-network-policy')],
    needs: [],
    find: ({ index }) =>
      index.all('NetworkPolicy').flatMap((policy) => {
        const selector = readSelector(at(policy.body, 'spec', 'podSelector')) ?? everything
        const pods = index
          .selected(policy.namespace ?? '', selector)
          .filter(({ object }) => object.sort !== 'DaemonSet')
        if (pods.length === 0) return []
        const names = listNames(pods.map(({ object }) => `${object.kind} ${object.name}`))
        return [found(policy, 'spec.podSelector', `the policy is to guard ${names}, and does nothing there`)]
      }),
  },
  {
    id: 'FG30',
    looksAt: 'SecurityGroupPolicy',
    severity: 'warn',
    says: 'Its groups replace the cluster’s, so they must let the control plane and DNS through.',
    fix: 'Add the cluster security group to `groupIds`.',
    sources: [guide('security-groups-for-pods')],
    needs: [],
    find: ({ index, facts }) => {
      const cluster = greenCluster(facts)?.securityGroup ?? null
      return index.all(customKinds.securityGroupPolicy).flatMap((policy) => {
        const groups = textsAt(policy.body, 'spec', 'securityGroups', 'groupIds')
        if (cluster !== null && groups.includes(cluster)) return []
        const said =
          cluster === null
            ? 'whether the cluster security group is one of them is not known'
            : `the cluster security group ${cluster} is not one of them`
        return [
          found(
            policy,
            'spec.securityGroups.groupIds',
            `the pods get the groups ${groups.join(', ') || 'none'}; ${said}`,
          ),
        ]
      })
    },
  },
  {
    id: 'FG41',
    looksAt: 'another CNI: its objects, its DaemonSet, networks in annotations',
    severity: 'error',
    says: 'Only the VPC CNI works on Fargate.',
    fix: 'Replace what relies on it: policies by SecurityGroupPolicy, further networks by none.',
    sources: [guide('alternate-cni-plugins')],
    needs: [],
    find: ({ index, pods }) => [
      ...index.objects
        .filter(({ group }) =>
          /(^|\.)(cilium\.io|projectcalico\.org|antrea\.io|weave\.works|k8s\.cni\.cncf\.io)$/.test(group),
        )
        .map((object) => found(object, 'kind', `${object.kind} is of another CNI (${object.group})`)),
      ...pods
        .filter(({ workload: { object } }) => object.sort === 'DaemonSet')
        .flatMap(({ workload, text }) =>
          workload.containers.flatMap(({ path, body }) => {
            const image = textAt(body, 'image') ?? ''
            return otherCni.test(image) ? [found(text, `${path}.image`, `${image} is another CNI`)] : []
          }),
        ),
      ...pods
        .filter(({ workload: { podAnnotations } }) => podAnnotations['k8s.v1.cni.cncf.io/networks'] !== undefined)
        .map(({ workload: { podPath }, text }) =>
          found(
            text,
            `${podPath.replace(/\.?spec$/, '.metadata')}.annotations["k8s.v1.cni.cncf.io/networks"]`.replace(/^\./, ''),
            'the pod asks for a further network',
          ),
        ),
    ],
  },
]

const otherCni =
  /(^|\/)(cilium|calico\/node|flannel|weave-kube|weave-npc|antrea-agent-ubuntu|antrea-ubuntu|multus-cni|kube-router)([:@]|$)/
