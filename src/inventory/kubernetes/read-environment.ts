import { environmentOf } from '../../kubernetes/environment.ts'
import { hostsIn } from '../../kubernetes/hosts.ts'
import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { textAt } from '../../kubernetes/json.ts'
import { customKinds } from '../../kubernetes/kinds.ts'
import { objectKey, objectText } from '../../kubernetes/object.ts'
import { mostReplicas, readScalers, type Scalers } from '../../kubernetes/scalers.ts'
import type { Workload } from '../../kubernetes/workload.ts'
import type { Millis } from '../../moves/goal.ts'
import { looksLikeQueue } from '../addresses.ts'
import type { EnvironmentSeen, Observed, SeenCall, ServiceDefinition, Staying } from '../estate.ts'
import { byText } from '../ordering.ts'
import { allowedCalls } from './allowed-calls.ts'
import { type CallContext, callsOf } from './calls.ts'
import { type Digest, definePods, healthPathOf, metricsPathOf, ownData } from './definition.ts'
import { managersOf, queuesOf } from './managers.ts'
import { type Names, nameWorkloads } from './names.ts'
import { readNetwork } from './network.ts'
import { type RoutesByService, revertsOf, routesByService } from './reverts.ts'
import { describeUse, readSurroundings, type Surroundings } from './uses.ts'

export type ReadOptions = {
  readonly name: string
  readonly readAt: Millis
  readonly digest: Digest
}

type Context = CallContext & {
  readonly scalers: Scalers
  readonly surroundings: Surroundings
  readonly routes: RoutesByService
  readonly allowed: ReadonlyMap<Workload, readonly SeenCall[]>
  readonly digest: Digest
}

/** Kinds that move; what else makes pods stays, and it is said why. */
const moving: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'CronJob', customKinds.rollout])

/**
 * The services of an environment, told from its objects alone: what each is, who calls it, who manages it, and why.
 * The same objects give the same services, in whatever order they come.
 */
export const readEnvironment = (index: KubernetesIndex, { name, readAt, digest }: ReadOptions): EnvironmentSeen => {
  const services = movingWorkloads(index)
  const names = nameWorkloads(services)
  const [network, scalers] = [readNetwork(index), readScalers(index)]
  const calls: CallContext = { index, network, names }
  const context: Context = {
    ...calls,
    scalers,
    surroundings: readSurroundings({ index, network, scalers }),
    routes: routesByService(index),
    allowed: allowedCalls(calls),
    digest,
  }
  return {
    name,
    provider: 'kubernetes',
    readAt,
    services: services.map((workload) => defineService(workload, context)).sort((a, b) => byText(a.name, b.name)),
    stays: index.workloads.flatMap((workload) => staying(workload, context)).sort((a, b) => byText(a.object, b.object)),
  }
}

/** The workloads that are services, and the name of each. Those who act on an environment name its services by this too. */
export const namedServices = (
  index: KubernetesIndex,
): { readonly workloads: readonly Workload[]; readonly names: Names } => {
  const workloads = movingWorkloads(index)
  return { workloads, names: nameWorkloads(workloads) }
}

const movingWorkloads = (index: KubernetesIndex): readonly Workload[] =>
  index.workloads.filter(({ object }) => moving.has(object.sort))

const defineService = (workload: Workload, context: Context): ServiceDefinition => {
  const { index, network, names, scalers, surroundings, routes } = context
  const services = network.servicesOf(workload)
  const exposedBy = [...new Set(services.flatMap(network.exposure))].sort(byText)
  const queues = queuesOf(workload, scalers)
  const job = workload.object.sort === 'CronJob'
  const observed: Observed = {
    object: objectText(workload.object),
    exposedBy,
    worksBy: job
      ? []
      : worksBy(
          workload,
          services.length > 0,
          queues.map(({ by, queue }) => `${by} (${queue})`),
          context,
        ),
    calls: [...callsOf(workload, context), ...(context.allowed.get(workload) ?? [])],
    managers: managersOf(workload, index, scalers),
    fixedBecause: fixedBecause(workload, index),
    uses: surroundings.of(workload).map(describeUse),
    reverts: revertsOf(workload, {
      index,
      scalers: scalers.get(objectText(workload.object)) ?? [],
      routes: services.flatMap(({ object }) => routes.get(objectKey(object)) ?? []),
    }),
    notes: notesOf(workload),
  }
  return {
    ...definePods(workload, index, context.digest),
    name: names(workload),
    replicas: job ? 0 : mostReplicas(workload, scalers),
    port:
      services.length === 0 || job
        ? null
        : { published: exposedBy.length > 0, healthPath: healthPathOf(workload), metricsPath: metricsPathOf(workload) },
    takesFrom: [...new Set(queues.map(({ queue }) => queue))].sort(byText),
    lease: surroundings.leases(workload),
    declaredKinds: null,
    observed,
  }
}

const worksBy = (
  workload: Workload,
  listens: boolean,
  scaled: readonly string[],
  { index }: Context,
): readonly string[] => {
  if (scaled.length > 0) return scaled
  if (listens) return []
  const queues = workload.containers.flatMap((container) =>
    [...environmentOf(workload, container, index).values()].flatMap((variable) => {
      const queue =
        variable.kind === 'secret'
          ? hostsIn(variable).some(({ scheme, host }) => looksLikeQueue('', `${scheme ?? 'tcp'}://${host}`))
          : variable.kind === 'plain' && looksLikeQueue(variable.name, variable.value)
      return queue ? [variable.name] : []
    }),
  )
  const known = [...new Set(queues)].sort(byText)
  return [
    ...(known.length === 0 ? [] : [`it knows a queue (${known.join(', ')})`]),
    'no Service selects its pods, so nobody calls it: it works by itself',
  ]
}

const fixedBecause = (workload: Workload, index: KubernetesIndex): string | null => {
  const { object } = workload
  const [owner] = object.owners
  if (owner !== undefined)
    return `${owner.kind} ${owner.name} (${owner.apiVersion}) owns it, and its operator would put back what is changed`
  if (object.sort === customKinds.rollout)
    return 'Argo Rollouts shifts its replicas and traffic by itself, and two can’t do that at once'
  const data = ownData(workload, index)
  return data.length === 0 ? null : `it keeps data of its own (${data.join(', ')}), which stays where it is`
}

const notesOf = ({ object }: Workload): readonly string[] =>
  object.sort === 'CronJob' && textAt(object.body, 'spec', 'timeZone') === null
    ? ["it names no time zone, so the controller-manager's counts; it is taken to be UTC"]
    : []

const staysBecause: Readonly<Record<string, string>> = {
  DaemonSet: 'it belongs to the nodes, one pod on each, and not to the estate',
  Job: 'a Job without a CronJob runs once, and has no tick that could move',
  Pod: 'nothing starts it again when it ends',
  ReplicaSet: 'a ReplicaSet without a Deployment can’t be rolled out; make it a Deployment',
  ReplicationController: 'it is older than Deployments; make it one',
}

const staying = (workload: Workload, { index, scalers }: Context): readonly Staying[] => {
  const because = staysBecause[workload.object.sort]
  if (because === undefined) return []
  const hook = workload.object.annotations['helm.sh/hook']
  return [
    {
      object: objectText(workload.object),
      because: hook === undefined ? because : `${because}; Helm runs it at ${hook}`,
      managers: managersOf(workload, index, scalers),
    },
  ]
}
