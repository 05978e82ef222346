import type { Answer, Call, Traffic } from '../../../engine/ports.ts'
import { isOvertaken } from '../../stamp.ts'
import { fieldManager, label } from '../annotations.ts'
import type { ClaimRecord } from '../claim-record.ts'
import type { ClaimKeeper } from '../claims.ts'
import { removeObjects } from '../clear-away.ts'
import type { Cluster } from '../client/connect.ts'
import { apiVersionOf, describeObject, placeOf } from '../client/resource.ts'
import { stampOn, writtenStamp } from '../stamps.ts'
import { rulesOf } from './change-route.ts'
import {
  type Gateway,
  gateways,
  type HttpRoute,
  httpRoutes,
  type ParentRef,
  type RouteMatch,
  type RouteRule,
} from './http-route.ts'
import type { Looked, OwnRoute, RouteLook } from './look-routes.ts'
import { partsOf, weighed, weightOf } from './weigh-rule.ts'

/** How testers are told from users. `cookie`: one of that name and value does it too; null: only the header. */
export type TestMark = { readonly header: string; readonly value: string; readonly cookie: string | null }

/**
 * The way by which testers reach green at any weight: an HTTPRoute of ours beside each of the service's, with the same
 * hosts, paths and filters and one more header to match. Of two rules for a path the one that matches more headers goes first
 * (Gateway API, HTTPRouteRule). It is an object of its own, so that whoever manages the service's route does not see
 * it changed, and nothing is left in that when it is taken away.
 */
export type TestRoutes = {
  describe: Traffic['testRoute']
  open(call: Call, service: string): Promise<Answer<null>>
  /** Ok also when there is none. */
  close(call: Call, service: string): Promise<Answer<null>>
  /** Takes all away, whoever's they are. */
  closeAll(signal: AbortSignal): Promise<void>
}

type Options = {
  readonly cluster: Cluster
  readonly namespaces: readonly string[]
  readonly claims: ClaimKeeper
  readonly look: RouteLook
  readonly mark: TestMark
}

type Listener = { readonly scheme: string; readonly port: number; readonly address: string | null }

export const createTestRoutes = (options: Options): TestRoutes => {
  const { cluster, namespaces, claims, look, mark } = options
  /** By parent: where gateways listen, as far as we may read them. */
  const listeners = new Map<string, Listener>()

  const learnListeners = async ({ routes }: Looked, signal: AbortSignal): Promise<void> => {
    for (const { route, within } of routes)
      for (const parent of route.spec?.parentRefs ?? []) {
        const place = { namespace: parent.namespace ?? within.namespace, name: parent.name }
        const read = await cluster.client.get(gateways, place, { signal })
        const found = read.kind === 'ok' && read.value !== null ? listenerOf(read.value, parent) : null
        if (found !== null) listeners.set(parentKey(parent, within.namespace), found)
      }
  }
  /** Of one service, or of all. */
  const remove = (service: string | null, signal: AbortSignal): Promise<Answer<null>> =>
    removeObjects(
      { cluster, namespaces, resource: httpRoutes },
      (route) => {
        const of = route.metadata?.labels?.[label.testRoute]
        return of !== undefined && (service === null || of === service)
      },
      signal,
    )
  const openFor = async (own: OwnRoute, claim: ClaimRecord, call: Call): Promise<Answer<null>> => {
    const object = testRouteOf(own, mark)
    if (object === null) return { kind: 'ok', value: null }
    const place = placeOf(object)
    const watch = cluster.watches.of(httpRoutes, { namespace: own.within.namespace })
    const reader = await watch.ready(call.signal)
    const there = reader.kind === 'ok' ? reader.value.get(place) : null
    const stamp = there === null ? null : stampOn(there, claim)
    if (stamp !== null && isOvertaken(stamp, call))
      return {
        kind: 'refused',
        because: `too late: ${describeObject(httpRoutes, place)} was already written for ${stamp.intent}`,
      }
    const annotations = writtenStamp({ fence: call.fence, intent: call.intent, baseline: null })
    const stamped = { ...object, metadata: { ...object.metadata, annotations } }
    const patch = { kind: 'apply', object: stamped, manager: fieldManager, force: true } as const
    const written = await cluster.client.patch(httpRoutes, place, patch, { signal: call.signal })
    if (written.kind !== 'ok') return written
    watch.note(written.value)
    return { kind: 'ok', value: null }
  }

  return {
    describe: (service) => {
      const url = urlOf(look.known(service), listeners)
      return url === null ? null : { url, header: mark.header, value: mark.value }
    },
    open: async (call, service) => {
      const admitted = await claims.admit(call.fence, call.signal)
      if (admitted.kind !== 'ok') return admitted
      const looked = await look.one(service, call.signal)
      if (looked.kind !== 'ok') return looked
      await learnListeners(looked.value, call.signal)
      for (const own of looked.value.routes) {
        const opened = await openFor(own, admitted.value, call)
        if (opened.kind !== 'ok') return opened
      }
      return { kind: 'ok', value: null }
    },
    close: async (call, service) => {
      const admitted = await claims.admit(call.fence, call.signal)
      return admitted.kind === 'ok' ? remove(service, call.signal) : admitted
    },
    closeAll: async (signal) => void (await remove(null, signal)),
  }
}

/** The most that a name of an object may have. */
const longestName = 253

/** null: the route sends blue nothing of the service. */
export const testRouteOf = ({ route, within, record }: OwnRoute, mark: TestMark): HttpRoute | null => {
  const { namespace, backends } = within
  const rules = rulesOf(route, within, record).flatMap(({ rule }) => testRuleOf(rule, within, mark))
  const { name } = placeOf(route)
  if (rules.length === 0) return null
  return {
    apiVersion: apiVersionOf(httpRoutes),
    kind: httpRoutes.kind,
    metadata: {
      namespace,
      name: `titrate-test-${backends.service}-${name}`.slice(0, longestName),
      labels: { [label.testRoute]: backends.service },
      // It goes when the route goes.
      ownerReferences: [
        { apiVersion: apiVersionOf(httpRoutes), kind: httpRoutes.kind, name, uid: route.metadata?.uid ?? '' },
      ],
    },
    spec: {
      parentRefs: route.spec?.parentRefs ?? [],
      ...(route.spec?.hostnames === undefined ? {} : { hostnames: route.spec.hostnames }),
      rules,
    },
  }
}

const testRuleOf = (rule: RouteRule, within: OwnRoute['within'], mark: TestMark): readonly RouteRule[] => {
  const all = weighed(rule.backendRefs ?? [], 100, within)
  const backendRefs = all.kind === 'refs' ? partsOf(all.refs, within).green.filter((ref) => weightOf(ref) > 0) : []
  if (backendRefs.length === 0) return []
  const { name: _, ...rest } = rule
  const matches = rule.matches ?? [{ path: { type: 'PathPrefix', value: '/' } }]
  return [{ ...rest, matches: matches.flatMap((match) => marked(match, mark)), backendRefs }]
}

const marked = (match: RouteMatch, { header, value, cookie }: TestMark): readonly RouteMatch[] => {
  const by = (more: { readonly type: string; readonly name: string; readonly value: string }): RouteMatch => ({
    ...match,
    headers: [...(match.headers ?? []), more],
  })
  const byHeader = by({ type: 'Exact', name: header, value })
  if (cookie === null) return [byHeader]
  const pattern = `(.*;\\s*)?${cookie}=${value}(;.*)?`
  return [byHeader, by({ type: 'RegularExpression', name: 'Cookie', value: pattern })]
}

const parentKey = ({ namespace, name, sectionName = '', port = 0 }: ParentRef, own: string): string =>
  `${namespace ?? own}/${name}/${sectionName}/${port}`

const listenerOf = ({ spec, status }: Gateway, { sectionName, port }: ParentRef): Listener | null => {
  const listener = (spec?.listeners ?? []).find(
    (each) => (sectionName === undefined || each.name === sectionName) && (port === undefined || each.port === port),
  )
  if (listener === undefined) return null
  const address = status?.addresses?.[0]?.value ?? null
  return { scheme: listener.protocol === 'HTTPS' ? 'https' : 'http', port: listener.port, address }
}

/** Where testers go; null: neither the route nor its gateway says at which host. */
const urlOf = (looked: Looked | null, listeners: ReadonlyMap<string, Listener>): string | null => {
  for (const { route, within } of looked?.routes ?? []) {
    const found = (route.spec?.parentRefs ?? []).map((parent) => listeners.get(parentKey(parent, within.namespace)))
    const listener = found.find((each) => each !== undefined) ?? { scheme: 'http', port: 80, address: null }
    const host = (route.spec?.hostnames ?? []).find((each) => !each.startsWith('*')) ?? listener.address
    if (host === null) continue
    const isUsual = listener.port === (listener.scheme === 'https' ? 443 : 80)
    return `${listener.scheme}://${host}${isUsual ? '' : `:${listener.port}`}`
  }
  return null
}
