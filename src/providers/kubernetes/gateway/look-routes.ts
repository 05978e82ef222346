import type { Answer } from '../../../engine/ports.ts'
import { annotation, label } from '../annotations.ts'
import { type ClaimRecord, emptyClaim } from '../claim-record.ts'
import type { ClaimKeeper } from '../claims.ts'
import type { Cluster } from '../client/connect.ts'
import type { Change } from '../client/kind-cache.ts'
import { type ObjectPlace, placeOf } from '../client/resource.ts'
import type { BackendId, ServiceBackends } from './backend.ts'
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
  /** The backends that routes name, as `NAMESPACE/NAME`; those of our own test routes don't count. */
  backendsInUse(signal: AbortSignal): Promise<Answer<ReadonlySet<string>>>
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
  /** What of the claim decides which records count, as text. */
  readonly freed: string
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
  const readiness = followReadiness(cluster, options.backendNamespaces, life)
  /** Of a rule's backends, by name: which routes name them. */
  const byBackend = derivedOf(
    { cluster, namespaces, resource: httpRoutes, matters: isRoutesOwn },
    (all) => {
      const routes = new Map<string, ObjectPlace[]>()
      for (const route of all)
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
    for (const namespace of namespaces) {
      const reader = await cluster.watches.of(httpRoutes, { namespace }).ready(signal)
      if (reader.kind !== 'ok') return reader
      readers.set(namespace, reader.value.get)
    }
    const route = (place: ObjectPlace) => readers.get(place.namespace ?? '')?.(place) ?? null
    last = {
      backends: backends.value,
      places: places.value,
      claim: claim.value,
      freed: JSON.stringify(claim.value.freed),
      readiness: ready.value,
      route,
    }
    return { kind: 'ok', value: last } as const
  }
  const made = new Map<string, Made>()
  const looked = (all: ServiceBackends, { places, claim, freed, readiness: ready, route }: Parts): Looked => {
    const { service } = all
    const keys = [...all.blue.map(nameOf), recordKey(service)]
    const objects = [...new Set(keys.flatMap((key) => places.get(key) ?? []).map(route))].filter(
      (each) => each !== null,
    )
    const before = made.get(service)
    const isSame = before?.of === all && before.freed === freed && areSame(before.objects, objects)
    const { backends, routes } = isSame ? before : ownIn(all, objects, places, claim)
    if (!isSame) made.set(service, { of: all, freed, objects, backends, routes })
    return { service, backends, routes, claim, readiness: ready }
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
    backendsInUse: async (signal) => {
      const all = await byBackend(signal)
      return all.kind === 'ok' ? { kind: 'ok', value: new Set(all.value.keys()) } : all
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

/** What was made of a service last, and of what: while that stays, nothing is made anew. */
type Made = Pick<Looked, 'backends' | 'routes'> & {
  readonly of: ServiceBackends
  readonly freed: string
  readonly objects: readonly HttpRoute[]
}

const areSame = (a: readonly HttpRoute[], b: readonly HttpRoute[]): boolean =>
  a.length === b.length && a.every((each, index) => each === b[index])

const ownIn = (
  all: ServiceBackends,
  objects: readonly HttpRoute[],
  places: Parts['places'],
  claim: ClaimRecord,
): Pick<Looked, 'backends' | 'routes'> => {
  // Services by which no user comes may have no counterpart on green.
  const used = all.blue.filter((id) => places.has(nameOf(id)))
  const backends = used.length === 0 ? all : { ...all, blue: used }
  const routes = objects.flatMap((route): readonly OwnRoute[] => {
    const within = { backends, namespace: placeOf(route).namespace ?? '' }
    const record = recordsOn(route, claim)[backends.service] ?? null
    return rulesOf(route, within, record).length === 0 && record === null ? [] : [{ route, within, record }]
  })
  return { backends, routes }
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

/** Each route is looked at once, as objects of a watch never change; its index is made anew with every write of ours. */
const keysKnown = new WeakMap<HttpRoute, readonly string[]>()

/** By what a route can be found: the Services that its rules name, and the services that it has records of. */
const keysOf = (route: HttpRoute): readonly string[] => {
  const known = keysKnown.get(route) ?? readKeys(route)
  keysKnown.set(route, known)
  return known
}

const readKeys = (route: HttpRoute): readonly string[] => {
  const { namespace = '' } = placeOf(route)
  const refs = (route.spec?.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs)
  const named = refs.map((ref) => nameOf({ namespace: ref.namespace ?? namespace, name: ref.name }))
  const records = Object.keys(recordsOn(route, emptyClaim))
  return [...new Set([...named, ...records.map(recordKey)])]
}
