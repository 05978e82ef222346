import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { at, type JsonMap, mapAt, mapsAt, textAt, textsAt } from '../../kubernetes/json.ts'
import { customKinds } from '../../kubernetes/kinds.ts'
import { type KubernetesObject, objectText } from '../../kubernetes/object.ts'
import { readLabelSelector } from '../../kubernetes/selector.ts'
import type { Workload } from '../../kubernetes/workload.ts'

/** A Service with the workloads behind it. `alias`: the host that it stands for (ExternalName). */
export type ServiceSeen = {
  readonly object: KubernetesObject
  readonly namespace: string
  readonly name: string
  readonly workloads: readonly Workload[]
  readonly alias: string | null
}

export type Network = {
  readonly services: readonly ServiceSeen[]
  /** By namespace and name. */
  readonly service: (namespace: string, name: string) => ServiceSeen | null
  readonly servicesOf: (workload: Workload) => readonly ServiceSeen[]
  /** How users reach a Service; empty: they don't. */
  readonly exposure: (service: ServiceSeen) => readonly string[]
  /** Hosts by which users reach Services. */
  readonly publicHosts: ReadonlyMap<string, ReadonlySet<ServiceSeen>>
  /** Routes inside: what is sent to one Service goes on to others. */
  readonly inside: readonly { readonly from: ServiceSeen; readonly to: ServiceSeen; readonly by: string }[]
}

const key = (namespace: string, name: string): string => `${namespace}/${name}`

export const readNetwork = (index: KubernetesIndex): Network => {
  const services = index.all('Service').map((object) => readService(object, index))
  const byKey = new Map(services.map((one) => [key(one.namespace, one.name), one]))
  const service = (namespace: string, name: string): ServiceSeen | null => byKey.get(key(namespace, name)) ?? null
  const byWorkload = new Map<Workload, ServiceSeen[]>()
  for (const one of services) {
    for (const workload of one.workloads) byWorkload.set(workload, [...(byWorkload.get(workload) ?? []), one])
  }
  const routes = routesOf(index, service)
  const exposed = exposedBy(services, routes, service)
  return {
    services,
    service,
    servicesOf: (workload) => byWorkload.get(workload) ?? [],
    exposure: (one) => exposed.get(one) ?? [],
    publicHosts: hostsOf(routes),
    inside: routes.flatMap(({ from, to, by }) => (from === null ? [] : [{ from, to, by }])),
  }
}

const readService = (object: KubernetesObject, index: KubernetesIndex): ServiceSeen => {
  const namespace = object.namespace ?? ''
  const external =
    textAt(object.body, 'spec', 'type') === 'ExternalName' ? textAt(object.body, 'spec', 'externalName') : null
  const selector = external === null ? readLabelSelector(at(object.body, 'spec', 'selector')) : null
  return {
    object,
    namespace,
    name: object.name,
    workloads: selector === null ? [] : index.selected(namespace, selector),
    alias: external?.toLowerCase().replace(/\.$/, '') ?? null,
  }
}

/** `from` null: users come this way. */
type Route = {
  readonly from: ServiceSeen | null
  readonly to: ServiceSeen
  readonly hosts: readonly string[]
  readonly by: string
}

type Find = (namespace: string, name: string) => ServiceSeen | null

const routesOf = (index: KubernetesIndex, service: Find): readonly Route[] => [
  ...index.all('Ingress').flatMap((ingress) => ingressRoutes(ingress, service)),
  ...[customKinds.httpRoute, customKinds.grpcRoute, customKinds.tlsRoute, customKinds.tcpRoute]
    .flatMap((sort) => index.all(sort))
    .flatMap((route) => gatewayRoutes(route, service)),
  ...index.all(customKinds.targetGroupBinding).flatMap((binding): readonly Route[] => {
    const to = service(binding.namespace ?? '', textAt(binding.body, 'spec', 'serviceRef', 'name') ?? '')
    return to === null
      ? []
      : [{ from: null, to, hosts: [], by: `${objectText(binding)} registers it with a load balancer` }]
  }),
]

const ingressRoutes = (ingress: KubernetesObject, service: Find): readonly Route[] => {
  const route = (backend: JsonMap, host: string | null, path: string): readonly Route[] => {
    const name = textAt(backend, 'service', 'name') ?? textAt(backend, 'serviceName')
    const to = name === null ? null : service(ingress.namespace ?? '', name)
    if (to === null) return []
    const by = `${objectText(ingress)} sends ${host ?? 'all hosts'}${path} to it, by Service ${to.name}`
    return [{ from: null, to, hosts: host === null ? [] : [host.toLowerCase()], by }]
  }
  return [
    ...route(mapAt(ingress.body, 'spec', 'defaultBackend'), null, ''),
    ...route(mapAt(ingress.body, 'spec', 'backend'), null, ''),
    ...mapsAt(ingress.body, 'spec', 'rules').flatMap(({ map }) =>
      mapsAt(map, 'http', 'paths').flatMap(({ map: path }) =>
        route(mapAt(path, 'backend'), textAt(map, 'host'), textAt(path, 'path') ?? ''),
      ),
    ),
  ]
}

const gatewayRoutes = (object: KubernetesObject, service: Find): readonly Route[] => {
  const namespace = object.namespace ?? ''
  const hosts = textsAt(object.body, 'spec', 'hostnames').map((host) => host.toLowerCase())
  const parents = mapsAt(object.body, 'spec', 'parentRefs').map(({ map }) => map)
  const targets = mapsAt(object.body, 'spec', 'rules').flatMap(({ map }) => [
    ...mapsAt(map, 'backendRefs').map((one) => one.map),
    ...mapsAt(map, 'filters').map((one) => mapAt(one.map, 'requestMirror', 'backendRef')),
  ])
  const backends = [
    ...new Set(
      targets
        .filter(({ kind }) => kind === undefined || kind === 'Service')
        .flatMap((one) => service(textAt(one, 'namespace') ?? namespace, textAt(one, 'name') ?? '') ?? []),
    ),
  ]
  return parents.flatMap((parent) =>
    backends.flatMap((to): readonly Route[] => {
      const by = `${objectText(object)} sends ${hosts.length === 0 ? 'all hosts' : hosts.join(', ')} to it, by Service ${to.name}`
      if (parent['kind'] !== 'Service') return [{ from: null, to, hosts, by }]
      const from = service(textAt(parent, 'namespace') ?? namespace, textAt(parent, 'name') ?? '')
      return from === null || from === to
        ? []
        : [{ from, to, hosts, by: `${objectText(object)} sends it what comes to Service ${from.name}` }]
    }),
  )
}

/** Exposure spreads: to what an exposed Service stands for, and along routes inside. */
const exposedBy = (
  services: readonly ServiceSeen[],
  routes: readonly Route[],
  service: Find,
): ReadonlyMap<ServiceSeen, readonly string[]> => {
  const exposed = new Map<ServiceSeen, string[]>()
  const waiting: ServiceSeen[] = []
  const expose = (one: ServiceSeen, because: string): void => {
    const known = exposed.get(one)
    if (known === undefined) {
      exposed.set(one, [because])
      waiting.push(one)
    } else if (!known.includes(because)) known.push(because)
  }
  for (const one of services) {
    const type = textAt(one.object.body, 'spec', 'type')
    if (type === 'LoadBalancer' || type === 'NodePort') expose(one, `${objectText(one.object)} is a ${type}`)
    if (textsAt(one.object.body, 'spec', 'externalIPs').length > 0)
      expose(one, `${objectText(one.object)} has external addresses`)
  }
  for (const { from, to, by } of routes) if (from === null) expose(to, by)
  const inside = Map.groupBy(
    routes.filter(({ from }) => from !== null),
    ({ from }) => from,
  )
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    for (const { to, by } of inside.get(one) ?? []) expose(to, `${by}, which users reach`)
    const target = one.alias === null ? null : insideHost(one.alias)
    const behind = target === null ? null : service(target.namespace, target.name)
    if (behind !== null) expose(behind, `${objectText(one.object)}, which users reach, stands for it`)
  }
  return exposed
}

const hostsOf = (routes: readonly Route[]): ReadonlyMap<string, ReadonlySet<ServiceSeen>> => {
  const hosts = new Map<string, Set<ServiceSeen>>()
  for (const { from, to, hosts: names } of routes) {
    if (from !== null) continue
    for (const host of names) hosts.set(host, (hosts.get(host) ?? new Set()).add(to))
  }
  return hosts
}

/** `web.shop.svc`, `web.shop.svc.cluster.local`, also with a pod's name before it. */
export const insideHost = (host: string): { readonly namespace: string; readonly name: string } | null => {
  const [, name, namespace] = /^(?:[a-z0-9-]+\.)?([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$/.exec(host) ?? []
  return name === undefined || namespace === undefined ? null : { namespace, name }
}
