/**
 * A gateway that is small and honest: it answers for the HTTPRoutes of a namespace with conditions, takes what they say over
 * into its traffic some time later, and sends requests by that: to a backend by weight, and 503 where nobody is ready.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { placeOf } from '../../src/providers/kubernetes/client/resource.ts'
import { idOf } from '../../src/providers/kubernetes/gateway/backend.ts'
import { readinessIn } from '../../src/providers/kubernetes/gateway/endpoint-readiness.ts'
import {
  type HttpRoute,
  httpRoutes,
  type RouteMatch,
  type RouteRule,
} from '../../src/providers/kubernetes/gateway/http-route.ts'
import { createTurns } from '../../src/providers/kubernetes/gateway/turns.ts'
import { okOf, soon } from './clusters.ts'

export type Reaction = {
  /** Until the conditions show a new generation, and then until traffic moves. `never`: it is dead. */
  readonly conditionsAfterMs: number | 'never'
  readonly trafficAfterMs: number
  readonly accepted: boolean
  readonly resolved: boolean
}

export type Sent = { readonly status: 200 | 404 | 503; readonly backend: string | null }

export type SimulatedGateway = {
  /** How it reacts to what it has not reacted to yet. */
  reacts(reaction: Reaction): void
  /** Does what the routes say now, whatever its reaction, and returns when it does. */
  catchUp(): Promise<void>
  send(path: string, headers: Readonly<Record<string, string>>): Promise<Sent>
  /** When traffic began to follow a generation of a route, by the clock of this process; null: it does not yet. */
  movedAt(route: string, generation: number): number | null
  close(): void
}

export const prompt: Reaction = { conditionsAfterMs: 0, trafficAfterMs: 0, accepted: true, resolved: true }

export const startGateway = (cluster: Cluster, namespace: string, first: Reaction): SimulatedGateway => {
  const life = new AbortController()
  const inTraffic = new Map<string, HttpRoute>()
  const moved = new Map<string, number>()
  const handled = new Map<string, number>()
  const turns = createTurns()
  let reaction = first

  const answer = async (route: HttpRoute, { accepted, resolved }: Reaction): Promise<void> => {
    const { generation = 0 } = route.metadata ?? {}
    const condition = (type: string, holds: boolean, reason: string) => ({
      type,
      status: holds ? 'True' : 'False',
      observedGeneration: generation,
      reason: holds ? type : reason,
      message: holds ? '' : 'said by the simulated gateway',
      lastTransitionTime: new Date().toISOString(),
    })
    const conditions = [
      condition('Accepted', accepted, 'NoMatchingParent'),
      condition('ResolvedRefs', resolved, 'BackendNotFound'),
    ]
    const parents = (route.spec?.parentRefs ?? []).map((parentRef) => ({
      parentRef,
      controllerName: 'test.titrate.dev/gateway',
      conditions,
    }))
    const patch = { kind: 'merge', body: { status: { parents } } } as const
    await cluster.client.patch(httpRoutes, placeOf(route), patch, { signal: soon(), subresource: 'status' })
  }
  const isInTraffic = (route: HttpRoute): boolean =>
    (inTraffic.get(placeOf(route).name)?.metadata?.generation ?? 0) >= (route.metadata?.generation ?? 0)
  const move = (route: HttpRoute): void => {
    if (isInTraffic(route)) return
    const { name } = placeOf(route)
    inTraffic.set(name, route)
    moved.set(`${name} ${route.metadata?.generation ?? 0}`, Date.now())
  }
  const react = async (route: HttpRoute): Promise<void> => {
    const { name } = placeOf(route)
    const { generation = 0 } = route.metadata ?? {}
    if ((handled.get(name) ?? 0) >= generation) return
    const own = reaction
    if (own.conditionsAfterMs === 'never') return
    handled.set(name, generation)
    await pause(own.conditionsAfterMs, undefined, { signal: life.signal })
    // One answer after the other, and none for what has changed since: the last one must be of the newest.
    await turns(name, async () => {
      if (handled.get(name) === generation) await answer(route, own)
    })
    if (!own.accepted) return
    await pause(own.trafficAfterMs, undefined, { signal: life.signal })
    move(route)
  }
  cluster.watches.of(httpRoutes, { namespace }).onChange((change) => {
    if (change.kind === 'removed') inTraffic.delete(placeOf(change.object).name)
    // It ends in the middle when the test does.
    else void react(change.object).catch(() => undefined)
  }, life.signal)

  const ready = async () => {
    const reader = await okOf(cluster.watches.of(kinds.endpointSlices, { namespace }).ready(soon()))
    return readinessIn(reader.list({ namespace }))
  }
  return {
    reacts: (next) => {
      reaction = next
    },
    catchUp: async () => {
      const { items } = await okOf(cluster.client.list(httpRoutes, { namespace }, { signal: soon() }))
      const behind = items.filter((route) => !isInTraffic(route))
      await Promise.all(behind.map((route) => answer(route, prompt)))
      for (const route of behind) move(route)
    },
    send: async (path, headers) => {
      const rule = ruleFor([...inTraffic.values()], path, headers)
      if (rule === null) return { status: 404, backend: null }
      const ref = drawn(rule.backendRefs ?? [])
      if (ref === null) return { status: 503, backend: null }
      const isUp = (await ready())(idOf(ref, namespace)) !== false
      return { status: isUp ? 200 : 503, backend: ref.name }
    },
    movedAt: (route, generation) => moved.get(`${route} ${generation}`) ?? null,
    close: () => life.abort(),
  }
}

/** Of all rules that match, the one that says most: the longer path, then more headers. */
const ruleFor = (
  routes: readonly HttpRoute[],
  path: string,
  headers: Readonly<Record<string, string>>,
): RouteRule | null => {
  const whole: readonly RouteMatch[] = [{ path: { type: 'PathPrefix', value: '/' } }]
  const found = routes.flatMap((route) =>
    (route.spec?.rules ?? []).flatMap((rule) =>
      (rule.matches ?? whole)
        .filter((match) => isMatch(match, path, headers))
        .map((match) => ({ rule, length: match.path?.value?.length ?? 1, headers: match.headers?.length ?? 0 })),
    ),
  )
  return found.toSorted((a, b) => b.length - a.length || b.headers - a.headers)[0]?.rule ?? null
}

const isMatch = (match: RouteMatch, path: string, headers: Readonly<Record<string, string>>): boolean =>
  path.startsWith(match.path?.value ?? '/') &&
  (match.headers ?? []).every(({ type, name, value }) => {
    const sent = Object.entries(headers).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
    if (sent === undefined) return false
    return type === 'RegularExpression' ? new RegExp(`^${value}$`, 'u').test(sent) : sent === value
  })

const drawn = (refs: NonNullable<RouteRule['backendRefs']>) => {
  const sum = refs.reduce((all, { weight = 1 }) => all + weight, 0)
  let left = Math.random() * sum
  for (const ref of refs) {
    left -= ref.weight ?? 1
    if (left < 0) return ref
  }
  return null
}
