import { hostsIn } from '../../kubernetes/hosts.ts'
import { mostReplicas, readScalers } from '../../kubernetes/scalers.ts'
import { podSubnets } from '../profiles.ts'
import { found, guide, listNames, type Outcome, type Pod, type Rule, type RuleContext, withoutFact } from '../rule.ts'

/** FG45: whether there is room for green beside blue. */
export const capacityRules: readonly Rule[] = [
  {
    id: 'FG45',
    looksAt: 'free addresses of subnets, the vCPU quota, connections of databases',
    severity: 'warn',
    says: 'Each pod takes an address and a node, and both sides connect during parallel operation.',
    fix: 'Add subnets, ask for a higher quota, or lower the pools of connections for the time of the move.',
    sources: [guide('fargate'), 'https://docs.aws.amazon.com/general/latest/gr/eks.html'],
    needs: ['subnets', 'fargateVcpus', 'databases', 'maxConnections'],
    find: (context) => [...addresses(context), ...vcpus(context), ...connections(context)],
  },
]

/** The pods that may run at once: the most that an autoscaler may make, else the replicas. */
const mostPods = ({ index, pods }: RuleContext): ReadonlyMap<Pod, number> => {
  const scalers = readScalers(index)
  return new Map(
    pods
      .filter(({ workload: { object } }) => object.sort !== 'DaemonSet')
      .map((pod) => [pod, mostReplicas(pod.workload, scalers)] as const),
  )
}

const addresses = (context: RuleContext): readonly Outcome[] => {
  const { facts } = context
  if (facts.subnets === null) return [withoutFact('subnets', 'free addresses')]
  const subnets = podSubnets(facts)
  const free = subnets.reduce((sum, one) => sum + (one.free ?? 0), 0)
  const wanted = [...mostPods(context).values()].reduce((sum, one) => sum + one, 0)
  const names = listNames(subnets.map(({ id }) => id))
  return wanted <= free
    ? []
    : [
        found(
          'all pods',
          'spec.replicas',
          `up to ${wanted} pods want an address, and ${names || 'the subnets'} have ${free} free`,
        ),
      ]
}

const vcpus = (context: RuleContext): readonly Outcome[] => {
  const { fargateVcpus } = context.facts
  if (fargateVcpus === null) return [withoutFact('fargateVcpus', 'the vCPU quota')]
  const wanted = [...mostPods(context)].reduce((sum, [{ size }, count]) => sum + (size.fargate?.vcpu ?? 0) * count, 0)
  return wanted <= fargateVcpus
    ? []
    : [
        found(
          'all pods',
          'resources',
          `up to ${wanted} vCPU are wanted at once, and the quota of Fargate is ${fargateVcpus}`,
        ),
      ]
}

const poolName =
  /(^|_)(POOL_(MAX_?)?SIZE|MAX_POOL_SIZE|POOL_MAX|MAX_CONNECTIONS|MAX_OPEN_CONNS|CONNECTION_LIMIT|DB_POOL)$/i

/** Connections that all pods may open to each database of the facts, doubled: blue's pods keep theirs. */
const connections = (context: RuleContext): readonly Outcome[] => {
  const { databases, maxConnections } = context.facts
  if (databases === null) return [withoutFact('databases', 'connections of databases')]
  if (maxConnections === null)
    return [withoutFact('maxConnections', 'connections of databases (max_connections as a number)')]
  const pods = [...mostPods(context)]
  return databases.flatMap(({ id, host }): readonly Outcome[] => {
    const users = pods.filter(([pod]) => hostsOf(pod).has(host))
    const unknown = users.filter(([pod]) => poolOf(pod) === null).map(([{ text }]) => text)
    const wanted = 2 * users.reduce((sum, [pod, count]) => sum + (poolOf(pod) ?? 1) * count, 0)
    if (wanted <= maxConnections) return []
    const guess = unknown.length === 0 ? '' : ` (the pools of ${listNames(unknown)} aren't known, and count as 1)`
    return [
      found(
        `DBInstance ${id}`,
        'max_connections',
        `blue and green together may open ${wanted} connections, and it allows ${maxConnections}${guess}`,
      ),
    ]
  })
}

const hosts = new WeakMap<Pod, ReadonlySet<string>>()

const hostsOf = (pod: Pod): ReadonlySet<string> => {
  const known = hosts.get(pod)
  if (known !== undefined) return known
  const named = new Set(
    pod.workload.containers.flatMap((container) =>
      [...pod.variables(container).values()].flatMap((variable) => hostsIn(variable).map(({ host }) => host)),
    ),
  )
  hosts.set(pod, named)
  return named
}

const poolOf = (pod: Pod): number | null => {
  for (const container of pod.workload.containers) {
    for (const { name, kind, value } of pod.variables(container).values()) {
      if (kind === 'plain' && poolName.test(name) && /^\d{1,5}$/.test(value)) return Number(value)
    }
  }
  return null
}
