import type { Answer } from '../../../engine/ports.ts'
import { annotation, label } from '../annotations.ts'
import { type ClaimRecord, emptyClaim } from '../claim-record.ts'
import type { ClaimKeeper } from '../claims.ts'
import type { Cluster } from '../client/connect.ts'
import type { Change } from '../client/kind-cache.ts'
import { type ObjectPlace, placeOf } from '../client/resource.ts'
import { type BackendId, type ServiceBackends, serviceId } from './backend.ts'
import { rulesOf } from './change-route.ts'
import { derivedOf } from './derived.ts'
import { followReadiness, type Readiness } from './endpoint-readiness.ts'
import type { FindBackends, Shared } from './find-backends.ts'
import { type HttpRoute, httpRoutes } from './http-route.ts'
import { recordsOn, type ServiceRecord } from './route-record.ts'
import type { Within } from './weigh-rule.ts'

/** A route that sends users to the service. `record`: what we did to it; null: nothing. */
export type OwnRoute = { readonly route: HttpRoute; readonly within: Within; readonly record: ServiceRecord | null }

/** All that is known of how users reach one service. At least one route. */
export type Looked = {
  readonly service: string
  readonly backends: ServiceBackends
  readonly routes: readonly OwnRoute[]
  readonly claim: ClaimRecord
  readonly readiness: Readiness
}

export type RouteLook = {
  /** Refused: nothing leads users to it. */
  one(service: string, signal: AbortSignal): Promise<Answer<Looked>>
  all(signal: AbortSignal): Promise<Answer<readonly Looked[]>>
  /** By what was known last, without waiting; null: it isn't known, or nothing leads users to it. */
  known(service: string): Looked | null
  /** Whose rules a route has, by what was known last; null stands for services that are not known yet. */
  servicesOf(route: HttpRoute): readonly (string | null)[]
  /** For whom a backend stands, on either side. */
  servicesBehind(id: BackendId): readonly (string | null)[]
}

type Parts = {
  readonly backends: ReadonlyMap<string, ServiceBackends | Shared>
  /** By the Services that rules name, and the services that there are records of. */
  readonly places: ReadonlyMap<string, readonly ObjectPlace[]>
  readonly claim: ClaimRecord
  readonly readiness: Readiness
  readonly route: (place: ObjectPlace) => HttpRoute | null
}

type Options = {
  readonly cluster: Cluster
  readonly namespaces: readonly string[]
  /** Where backends of either side are. */
  readonly backendNamespaces: readonly string[]
  readonly backends: FindBackends
  readonly claims: ClaimKeeper
}

const isRoutesOwn = ({ object, ...change }: Change<HttpRoute>): boolean => {
  const before = 'before' in change ? change.before : null
  if (change.kind === 'removed' || before === null) return true
  const [old, now] = [before.metadata, object.metadata]
  return (
    old?.generation !== now?.generation ||
    old?.annotations?.[annotation.traffic] !== now?.annotations?.[annotation.traffic]
  )
}

export const isTestRoute = ({ metadata }: HttpRoute): boolean => metadata?.labels?.[label.testRoute] !== undefined

/** Which routes lead users to which service: by the watches, so that looking costs no request. */
export const lookRoutes = (options: Options, life: AbortSignal): RouteLook => {
  const { cluster, namespaces, claims } = options
  const scopes = namespaces.map((namespace) => ({ namespace }))
  const readiness = followReadiness(cluster, options.backendNamespaces, life)
  const watches = scopes.map((scope) => cluster.watches.of(httpRoutes, scope))
  /** Of a rule's backends, by name: which routes name them. */
  const byBackend = derivedOf(
    watches.map((watch) => ({ watch, matters: isRoutesOwn })),
    (readers) => {
      const routes = new Map<string, ObjectPlace[]>()
      for (const [index, reader] of readers.entries())
        for (const route of reader.list(scopes[index] ?? {}))
          for (const key of isTestRoute(route) ? [] : keysOf(route))
            routes.set(key, [...(routes.get(key) ?? []), placeOf(route)])
      return routes
    },
    life,
  )
  let last: Parts | null = null
  /** What reading needs beside the route itself; the first trouble is the answer. */
  const parts = async (signal: AbortSignal) => {
    const [backends, places, claim, ready] = await Promise.all([
      options.backends(signal),
      byBackend(signal),
      claims.known(signal),
      readiness(signal),
    ])
    if (backends.kind !== 'ok') return backends
    if (places.kind !== 'ok') return places
    if (claim.kind !== 'ok') return claim
    if (ready.kind !== 'ok') return ready
    const readers = new Map<string, (place: ObjectPlace) => HttpRoute | null>()
    for (const [index, watch] of watches.entries()) {
      const reader = await watch.ready(signal)
      if (reader.kind !== 'ok') return reader
      readers.set(namespaces[index] ?? '', reader.value.get)
    }
    const route = (place: ObjectPlace) => readers.get(place.namespace ?? '')?.(place) ?? null
    last = { backends: backends.value, places: places.value, claim: claim.value, readiness: ready.value, route }
    return { kind: 'ok', value: last } as const
  }
  const looked = (all: ServiceBackends, { places, claim, readiness: ready, route }: Parts): Looked => {
    // Services by which no user comes may have no counterpart on green.
    const used = all.blue.filter((id) => places.has(nameOf(id)))
    const backends = used.length === 0 ? all : { ...all, blue: used }
    const named = new Map(
      [...backends.blue.map(nameOf), recordKey(backends.service)]
        .flatMap((key) => places.get(key) ?? [])
        .map((place) => [nameOf(serviceId(place.namespace ?? '', place.name)), place]),
    )
    const routes = [...named.values()].flatMap((place): readonly OwnRoute[] => {
      const found = route(place)
      if (found === null) return []
      const within = { backends, namespace: place.namespace ?? '' }
      const record = recordsOn(found, claim)[backends.service] ?? null
      return rulesOf(found, within, record).length === 0 && record === null ? [] : [{ route: found, within, record }]
    })
    return { service: backends.service, backends, routes, claim, readiness: ready }
  }

  return {
    one: async (service, signal) => {
      const all = await parts(signal)
      if (all.kind !== 'ok') return all
      const backends = all.value.backends.get(service)
      const where = namespaces.map((namespace) => `${cluster.name}/${namespace}`).join(', ')
      if (backends === undefined) return { kind: 'refused', because: `no Service in ${where} leads to ${service}` }
      if ('because' in backends) return { kind: 'refused', because: backends.because }
      const value = looked(backends, all.value)
      if (value.routes.length > 0) return { kind: 'ok', value }
      const names = backends.blue.map(({ namespace, name }) => `${namespace}/${name}`).join(', ')
      return { kind: 'refused', because: `no HTTPRoute in ${where} sends users to ${service} (Service ${names})` }
    },
    all: async (signal) => {
      const all = await parts(signal)
      if (all.kind !== 'ok') return all
      const own = [...all.value.backends.values()].filter((each) => 'blue' in each)
      return {
        kind: 'ok',
        value: own.map((each) => looked(each, all.value)).filter(({ routes }) => routes.length > 0),
      }
    },
    known: (service) => {
      const backends = last?.backends.get(service)
      if (last === null || backends === undefined || 'because' in backends) return null
      const value = looked(backends, last)
      return value.routes.length === 0 ? null : value
    },
    servicesOf: (route) => (last === null ? [null] : [...new Set(keysOf(route).flatMap(namesBehind(last.backends)))]),
    servicesBehind: (id) => (last === null ? [null] : namesBehind(last.backends)(nameOf(id))),
  }
}

/** Services by the backends that stand for them; kept for as long as these are the same. */
const reversed = new WeakMap<Parts['backends'], ReadonlyMap<string, readonly string[]>>()

const namesBehind = (backends: Parts['backends']) => {
  const known = reversed.get(backends) ?? reverse(backends)
  reversed.set(backends, known)
  return (key: string): readonly string[] => known.get(key) ?? []
}

const reverse = (backends: Parts['backends']): ReadonlyMap<string, readonly string[]> => {
  const names = new Map<string, string[]>()
  for (const each of backends.values()) {
    if ('because' in each) continue
    const keys = [...each.blue, ...each.blue.map(each.green)].map(nameOf)
    for (const key of new Set([...keys, recordKey(each.service)]))
      names.set(key, [...(names.get(key) ?? []), each.service])
  }
  return names
}

const nameOf = ({ namespace, name }: Pick<BackendId, 'namespace' | 'name'>): string => `${namespace}/${name}`
const recordKey = (service: string): string => `record ${service}`

/** By what a route can be found: the Services that its rules name, and the services that it has records of. */
const keysOf = (route: HttpRoute): readonly string[] => {
  const { namespace = '' } = placeOf(route)
  const refs = (route.spec?.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs)
  const named = refs.map((ref) => nameOf({ namespace: ref.namespace ?? namespace, name: ref.name }))
  const records = Object.keys(recordsOn(route, emptyClaim))
  return [...new Set([...named, ...records.map(recordKey)])]
}
