import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Answer, Call, Workloads } from '../../engine/ports.ts'
import type { Json } from '../../moves/goal.ts'
import { type ActDeps, changeObject, type Revised, stampOnly } from './act.ts'
import type { ClaimKeeper } from './claims.ts'
import { kinds } from './client/kinds.ts'
import { placeOf } from './client/resource.ts'
import { type KubernetesEnvironment, nameOfEnvironment } from './environment.ts'
import { followNamespace } from './follow-namespace.ts'
import { makeCopy } from './make-copy.ts'
import { type Found, findWorkload, type NamespaceView, podsOf, seenOf, viewNamespace } from './namespace-view.ts'
import { podFacts } from './pod-facts.ts'
import { scheduleRevision } from './schedule-revision.ts'
import { selects } from './selects.ts'
import { revisionOf } from './stamps.ts'

type Options = {
  readonly environment: KubernetesEnvironment
  readonly claims: ClaimKeeper
  /** Where a service is copied from when this side doesn't have it; null: it has to be there (GitOps, or people, make it). */
  readonly source: Pick<KubernetesEnvironment, 'cluster' | 'namespace'> | null
  readonly inventory: Workloads['inventory']
}

/** Workloads of one namespace: Deployments, StatefulSets, and CronJobs, which have no replicas. */
export const workloadsOf = (options: Options): Workloads => {
  const { environment, claims } = options
  const { cluster, namespace, side } = environment
  const scope = { namespace }
  const missing = (service: string): Answer<never> => ({
    kind: 'refused',
    because: `there is no Deployment, StatefulSet or CronJob ${service} in ${nameOfEnvironment(environment)}`,
  })

  const found = async (
    service: string,
    signal: AbortSignal,
  ): Promise<Answer<{ readonly all: NamespaceView; readonly found: Found | null }>> => {
    const all = await viewNamespace(environment, claims, signal)
    return all.kind === 'ok'
      ? { kind: 'ok', value: { all: all.value, found: findWorkload(all.value, namespace, service) } }
      : all
  }
  const scaled = (
    call: Call,
    service: string,
    baseline: Json,
    kind: 'deployment' | 'stateful set',
    replicas: number | null,
  ) => {
    const holds = (object: Deployment | StatefulSet) => replicas === null || object.spec?.replicas === replicas
    const change = { patch: () => ({ body: replicas === null ? {} : { spec: { replicas } } }), holds }
    const deps = { environment, claims, revision: revisionOf }
    return kind === 'deployment'
      ? changeObject({ ...deps, resource: kinds.deployments }, call, service, baseline, change)
      : changeObject({ ...deps, resource: kinds.statefulSets }, call, service, baseline, change)
  }
  const stamped = (call: Call, service: string, baseline: Json, kind: Found['kind']): Promise<Answer<Revised>> => {
    if (kind !== 'cron job') return scaled(call, service, baseline, kind, null)
    const deps: ActDeps<CronJob> = { environment, claims, resource: kinds.cronJobs, revision: scheduleRevision }
    return changeObject(deps, call, service, baseline, stampOnly)
  }

  return {
    side,
    inventory: options.inventory,
    list: async (signal) => {
      const all = await viewNamespace(environment, claims, signal)
      if (all.kind !== 'ok') return all
      const names = [all.value.deployments, all.value.statefulSets, all.value.cronJobs]
        .flatMap((reader) => reader.list(scope).map((each) => placeOf(each).name))
        .filter((name) => !isOwn(name))
      const seen = [...new Set(names)]
        .map((name) => findWorkload(all.value, namespace, name))
        .filter((each) => each !== null)
      return { kind: 'ok', value: seen.map((each) => seenOf(all.value, each)) }
    },
    read: async (service, signal) => {
      const answer = await found(service, signal)
      if (answer.kind !== 'ok') return answer
      const { all, found: object } = answer.value
      return object === null ? missing(service) : { kind: 'ok', value: seenOf(all, object) }
    },
    watch: (changed, signal) => {
      changed(null)
      followNamespace(environment, changed, signal)
    },
    provision: async (call, service, baseline) => {
      const there = await found(service, call.signal)
      if (there.kind !== 'ok') return there
      if (there.value.found === null) {
        const made = await makeCopy(options, call, service)
        if (made.kind !== 'ok') return made
        return stamped(call, service, baseline, made.value)
      }
      return stamped(call, service, baseline, there.value.found.kind)
    },
    scale: async (call, service, replicas, baseline) => {
      const there = await found(service, call.signal)
      if (there.kind !== 'ok') return there
      const kind = there.value.found?.kind
      if (kind === undefined) return missing(service)
      if (kind === 'cron job')
        return { kind: 'refused', because: `${service} is a CronJob: it has a schedule and no replicas` }
      return scaled(call, service, baseline, kind, replicas)
    },
    logs: async (service, lines, signal) => {
      const answer = await found(service, signal)
      if (answer.kind !== 'ok') return answer
      const { all, found: object } = answer.value
      if (object === null) return missing(service)
      const newest = podsOf(all, object)
        .toSorted((a, b) => createdAt(a).localeCompare(createdAt(b)))
        .at(-1)
      if (newest === undefined) return { kind: 'ok', value: [] }
      const container = newest.spec?.containers[0]?.name
      const read = await cluster.client.logs(placeOf(newest), lines, {
        signal,
        ...(container === undefined ? {} : { container }),
      })
      return read.kind === 'ok' ? { kind: 'ok', value: read.value ?? [] } : read
    },
    address: async (service, signal) => {
      const answer = await found(service, signal)
      if (answer.kind !== 'ok') return answer
      const { all, found: object } = answer.value
      if (object === null) return missing(service)
      const services = await cluster.watches.of(kinds.services, scope).ready(signal)
      if (services.kind !== 'ok') return services
      const labels = object.kind === 'cron job' ? undefined : object.object.spec?.template.metadata?.labels
      const fits = services.value.list(scope).find(({ spec }) => selects(spec?.selector, labels))
      const port = fits?.spec?.ports?.[0]?.port
      const isReady = podFacts(podsOf(all, object)).ready > 0
      if (fits === undefined || port === undefined || !isReady) return { kind: 'ok', value: null }
      return { kind: 'ok', value: `http://${placeOf(fits).name}.${namespace}.svc:${port}` }
    },
  }
}

/** CronJobs by which we see what the scheduler does are not the estate's. */
const isOwn = (name: string): boolean => name.startsWith('titrate-')

const createdAt = ({ metadata }: Pod): string => metadata?.creationTimestamp ?? ''
