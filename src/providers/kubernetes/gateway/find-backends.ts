import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { Service } from 'kubernetes-types/core/v1.js'
import type { Answer } from '../../../engine/ports.ts'
import type { Cluster } from '../client/connect.ts'
import type { Change } from '../client/kind-cache.ts'
import { kinds } from '../client/kinds.ts'
import { placeOf } from '../client/resource.ts'
import { selects } from '../selects.ts'
import type { ServicePlaces } from '../service-places.ts'
import { type BackendId, describeBackend, type ServiceBackends, serviceId } from './backend.ts'
import { derivedOf } from './derived.ts'

export type BlueServices = {
  readonly cluster: Cluster
  readonly namespaces: readonly string[]
  /** What the rest of the release calls a workload. */
  readonly serviceAt: ServicePlaces['serviceAt']
  /** Workloads of a shared namespace that are green's by the labels of their pods. */
  readonly isGreen: (labels: Readonly<Record<string, string>>) => boolean
  readonly green: ServiceBackends['green']
}

/** null: no Service leads to it. Refused: it can't be told apart from another one. */
export type FindBackends = (signal: AbortSignal) => Promise<Answer<ReadonlyMap<string, ServiceBackends | Shared>>>

/** Services that lead to several workloads: whose users they bring can't be told. */
export type Shared = { readonly service: string; readonly because: string }

type Labelled = {
  readonly namespace: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** The Services that lead to each workload of blue, by their selectors. */
export const findBackends = (options: BlueServices, life: AbortSignal): FindBackends => {
  const { cluster, namespaces } = options
  const services = derivedOf({ cluster, namespaces, resource: kinds.services }, (all) => all, life)
  const labels = { cluster, namespaces, matters: labelsChanged }
  const deployments = derivedOf({ ...labels, resource: kinds.deployments }, (all) => all.map(labelled), life)
  const statefulSets = derivedOf({ ...labels, resource: kinds.statefulSets }, (all) => all.map(labelled), life)
  let last: { readonly of: readonly unknown[]; readonly value: ReadonlyMap<string, ServiceBackends | Shared> } | null =
    null
  return async (signal) => {
    const parts = await Promise.all([services(signal), deployments(signal), statefulSets(signal)])
    const [all, some, others] = parts
    if (all.kind !== 'ok') return all
    if (some.kind !== 'ok') return some
    if (others.kind !== 'ok') return others
    const of = [all.value, some.value, others.value]
    if (last === null || last.of.some((each, index) => each !== of[index])) {
      const workloads: Named[] = []
      for (const each of [...some.value, ...others.value].filter(({ labels }) => !options.isGreen(labels))) {
        const service = await options.serviceAt(each, signal)
        if (service.kind !== 'ok') return service
        if (service.value !== null) workloads.push({ ...each, service: service.value })
      }
      last = { of, value: backendsOf(all.value, workloads, options.green) }
    }
    return { kind: 'ok', value: last.value }
  }
}

type Named = Labelled & { readonly service: string }

/** Scaling a workload changes nothing here, and happens all the time. */
const labelsChanged = ({ kind, object, ...rest }: Change<Deployment | StatefulSet>): boolean => {
  const before = 'before' in rest ? rest.before : null
  return kind === 'removed' || before === null || JSON.stringify(labelsOf(before)) !== JSON.stringify(labelsOf(object))
}

const labelsOf = ({ spec }: Deployment | StatefulSet): Readonly<Record<string, string>> =>
  spec?.template.metadata?.labels ?? {}

const labelled = (workload: Deployment | StatefulSet): Labelled => {
  const { namespace = '', name } = placeOf(workload)
  return { namespace, name, labels: labelsOf(workload) }
}

const backendsOf = (
  services: readonly Service[],
  workloads: readonly Named[],
  green: ServiceBackends['green'],
): ReadonlyMap<string, ServiceBackends | Shared> => {
  // By each label, so that a Service is compared with few.
  const byLabel = new Map<string, Named[]>()
  for (const each of workloads)
    for (const [label, value] of Object.entries(each.labels)) {
      const key = `${each.namespace} ${label}=${value}`
      const known = byLabel.get(key)
      if (known === undefined) byLabel.set(key, [each])
      else known.push(each)
    }
  const found = new Map<string, BackendId[]>()
  const shared = new Map<string, Shared>()
  for (const each of services) {
    const { namespace = '', name } = placeOf(each)
    const { selector } = each.spec ?? {}
    const candidates = Object.entries(selector ?? {}).map(
      ([label, value]) => byLabel.get(`${namespace} ${label}=${value}`) ?? [],
    )
    const fewest = candidates.toSorted((a, b) => a.length - b.length)[0] ?? []
    const behind = fewest.filter(({ labels }) => selects(selector, labels))
    const names = [...new Set(behind.map(({ service }) => service))]
    const id = serviceId(namespace, name)
    for (const service of names) {
      if (names.length === 1) found.set(service, [...(found.get(service) ?? []), id])
      else
        shared.set(service, {
          service,
          because: `${describeBackend(id)} leads to ${names.join(' and ')} alike, so the users of each can't be moved by themselves`,
        })
    }
  }
  const own = [...found].map(([service, blue]): [string, ServiceBackends] => [service, { service, blue, green }])
  return new Map<string, ServiceBackends | Shared>([...shared, ...own])
}
