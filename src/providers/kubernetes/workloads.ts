import type { Answer, Workloads } from '../../engine/ports.ts'
import type { ClaimKeeper } from './claims.ts'
import { placeOf } from './client/resource.ts'
import { type KubernetesEnvironment, nameOfEnvironment } from './environment.ts'
import { followNamespace } from './follow-namespace.ts'
import type { CopySource } from './make-copy.ts'
import { type Found, findWorkload, type NamespaceView, scalerIn, seenOf, viewNamespace } from './namespace-view.ts'
import { createPlaces } from './places.ts'
import { provideWorkload } from './provide-workload.ts'
import { addressOf, newestLogs } from './reach-workload.ts'
import { createScalers, type Scalers } from './scalers.ts'
import { makeActs } from './workload-acts.ts'

type Options = {
  readonly environment: KubernetesEnvironment
  readonly claims: ClaimKeeper
  /** Where a service is copied from when this side doesn't have it; null: it has to be there (GitOps, or people, make it). */
  readonly source: CopySource | null
  readonly inventory: Workloads['inventory']
}

/**
 * A copy asks ten times and more, and has five seconds: a hundred at once would each wait for their turn until their time is
 * over, begin anew, and none would ever end.
 */
const copiesAtOnce = 6

/** Workloads of one namespace: Deployments, StatefulSets, and CronJobs, which have no replicas. */
export const workloadsOf = (options: Options): Workloads => {
  const { environment } = options
  const scalers = createScalers(environment)
  const sourceScalers = options.source === null ? null : createScalers(options.source)
  const acts = makeActs(options)
  const find = finderOf(options, scalers)

  const copies = createPlaces(copiesAtOnce)
  return {
    side: environment.side,
    inventory: options.inventory,
    list: (signal) => listWorkloads(options, scalers, signal),
    read: async (service, signal) => {
      const there = await find.existing(service, signal)
      return there.kind === 'ok' ? { kind: 'ok', value: seenOf(there.value.all, there.value.workload) } : there
    },
    tellsAll: true,
    watch: (changed, signal) => {
      changed(null)
      followNamespace(environment, changed, signal)
      scalers.onChange(changed, signal)
    },
    provision: async (call, service, baseline) => {
      const there = await find.any(service, call.signal)
      if (there.kind !== 'ok') return there
      const { all, workload } = there.value
      const seen = workload && seenOf(all, workload)
      const kind = await copies.within(() =>
        provideWorkload({ ...options, sourceScalers }, call, service, workload, seen),
      )
      return kind.kind === 'ok' ? acts.stamp(call, baseline, service, kind.value) : kind
    },
    scale: async (call, service, replicas, baseline) => {
      const there = await find.existing(service, call.signal)
      if (there.kind !== 'ok') return there
      const { all, workload } = there.value
      if (workload.kind === 'cron job')
        return { kind: 'refused', because: `${service} is a CronJob: it has a schedule and no replicas` }
      const scaler = scalerIn(all, workload)
      return scaler === null
        ? acts.scale(call, baseline, workload, replicas)
        : acts.scaleByScaler(call, baseline, workload, scaler, replicas)
    },
    logs: async (service, lines, signal) => {
      const there = await find.existing(service, signal)
      if (there.kind !== 'ok') return there
      return newestLogs(environment, there.value.all, there.value.workload, lines, signal)
    },
    address: async (service, signal) => {
      const there = await find.existing(service, signal)
      if (there.kind !== 'ok') return there
      return addressOf(environment, there.value.all, there.value.workload, signal)
    },
  }
}

type There<W> = { readonly all: NamespaceView; readonly workload: W }

const finderOf = ({ environment, claims }: Options, scalers: Scalers) => {
  const any = async (service: string, signal: AbortSignal): Promise<Answer<There<Found | null>>> => {
    const all = await viewNamespace(environment, claims, scalers, signal)
    if (all.kind !== 'ok') return all
    return { kind: 'ok', value: { all: all.value, workload: findWorkload(all.value, environment.namespace, service) } }
  }
  const existing = async (service: string, signal: AbortSignal): Promise<Answer<There<Found>>> => {
    const there = await any(service, signal)
    if (there.kind !== 'ok') return there
    const { all, workload } = there.value
    if (workload !== null) return { kind: 'ok', value: { all, workload } }
    const because = `there is no Deployment, StatefulSet or CronJob ${service} in ${nameOfEnvironment(environment)}`
    return { kind: 'refused', because }
  }
  return { any, existing }
}

const listWorkloads = async (
  { environment, claims }: Options,
  scalers: Scalers,
  signal: AbortSignal,
): ReturnType<Workloads['list']> => {
  const { namespace } = environment
  const all = await viewNamespace(environment, claims, scalers, signal)
  if (all.kind !== 'ok') return all
  const names = [all.value.deployments, all.value.statefulSets, all.value.cronJobs]
    .flatMap((reader) => reader.list({ namespace }).map((each) => placeOf(each).name))
    .filter((name) => !isOwn(name))
  const seen = [...new Set(names)]
    .map((name) => findWorkload(all.value, namespace, name))
    .filter((each) => each !== null)
  return { kind: 'ok', value: seen.map((each) => seenOf(all.value, each)) }
}

/** CronJobs by which we see what the scheduler does are not the estate's. */
const isOwn = (name: string): boolean => name.startsWith('titrate-')
