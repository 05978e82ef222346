import type { Traffic, WeightSeen, WeightShift } from '../../../engine/ports.ts'
import type { ClaimKeeper } from '../claims.ts'
import type { Cluster } from '../client/connect.ts'
import { kinds } from '../client/kinds.ts'
import { placeOf } from '../client/resource.ts'
import { serviceId } from './backend.ts'
import { ofService } from './endpoint-readiness.ts'
import { httpRoutes } from './http-route.ts'
import type { Looked, RouteLook } from './look-routes.ts'
import { setWeight } from './set-weight.ts'
import type { ShiftProgress } from './shift-progress.ts'
import type { TestRoutes } from './test-routes.ts'
import { createTurns } from './turns.ts'
import { seenOf, withShift } from './weight-seen.ts'

type Options = {
  readonly cluster: Cluster
  readonly namespaces: readonly string[]
  readonly backendNamespaces: readonly string[]
  readonly claims: ClaimKeeper
  readonly look: RouteLook
  readonly progress: ShiftProgress
  readonly tests: TestRoutes
}

/**
 * User traffic by the weights of HTTPRoutes. A gateway does not turn an unready side's share to the other: it answers 503
 * for it. So readiness is told, nothing is raised to an unready green, and what is in force is what the routes say.
 */
export const gatewayTraffic = (options: Options): Traffic => {
  const { cluster, claims, look, progress, tests } = options
  const turns = createTurns()
  /** By the routes that it was made of: a list every second must cost little while nothing happens. */
  const made = new WeakMap<Looked['routes'], { readonly of: Looked['readiness']; readonly seen: WeightSeen }>()
  const seenAs = (looked: Looked, shift: WeightShift | undefined): WeightSeen => {
    const before = made.get(looked.routes)
    const seen = before?.of === looked.readiness ? before.seen : seenOf(looked)
    made.set(looked.routes, { of: looked.readiness, seen })
    return shift === undefined ? seen : withShift(seen, looked, shift)
  }
  return {
    supports: { testRoute: true, fences: true, probes: true },
    list: async (signal) => {
      const all = await look.all(signal)
      if (all.kind !== 'ok') return all
      return { kind: 'ok', value: all.value.map((each) => seenAs(each, progress.of(each))) }
    },
    read: async (service, signal) => {
      const looked = await look.one(service, signal)
      if (looked.kind !== 'ok') return looked
      return { kind: 'ok', value: seenAs(looked.value, await progress.lookAgain(looked.value, signal)) }
    },
    watch: (changed, signal) => {
      changed(null)
      for (const namespace of new Set(options.namespaces))
        cluster.watches.of(httpRoutes, { namespace }).onChange(({ object }) => {
          for (const service of look.servicesOf(object)) changed(service)
        }, signal)
      for (const namespace of new Set(options.backendNamespaces))
        cluster.watches.of(kinds.endpointSlices, { namespace }).onChange(({ object }) => {
          const name = object.metadata?.labels?.[ofService]
          const id = serviceId(placeOf(object).namespace ?? '', name ?? '')
          for (const service of look.servicesBehind(id)) changed(service)
        }, signal)
    },
    setWeight: (call, service, green, baseline) =>
      setWeight({ cluster, claims, look, turns }, call, service, green, baseline),
    testRoute: (service) => tests.describe(service),
  }
}
