import type { Answer, Call, Stamp, Traffic, WeightSeen } from '../engine/ports.ts'
import type { Side } from '../moves/goal.ts'
import { admit, type Caller, call, conflictOf, look, type Versioned } from './simulated-calls.ts'
import { createChanges } from './simulated-change.ts'
import { isStampOf, type SimulatedClaim, stampAfter } from './simulated-claim.ts'

type Route = Versioned & { readonly service: string; green: number; stamp: Stamp | null }

export type SimulatedRouter = {
  readonly portsFor: (caller: Caller) => Traffic
  /** What green gets now, percent: nothing while it is unready and blue is ready. */
  readonly inForce: (service: string) => number
  readonly set: (service: string) => number
  readonly setByHand: (service: string, green: number) => void
  /** A copy became ready, or unready. */
  readonly readinessChanged: (service: string) => void
  /** Nobody gets an answer while it is set; users do. */
  readonly cutOff: (cut: boolean) => void
}

/** A router in memory: weights are in force at once, unless green is unready. */
export const createSimulatedRouter = (options: {
  readonly routes: readonly { readonly service: string; readonly green: number }[]
  /** What its probes find; null: it can't tell. */
  readonly ready: (service: string, side: Side) => boolean | null
  /** Absent: each route keeps the newest fence by itself. */
  readonly claim?: SimulatedClaim
  /** Called before a weight changes. */
  readonly changing?: (service: string) => void
  /** Gets every weight that was set. `by` null: by hand. */
  readonly log?: (service: string, green: number, by: Call | null) => void
}): SimulatedRouter => {
  const { claim, ready } = options
  const changes = createChanges()
  let isCutOff = false
  const routes = new Map(
    options.routes.map(({ service, green }): [string, Route] => [
      service,
      { service, green, revision: 1, highest: null, stamp: null },
    ]),
  )
  claim?.whenFreed(() => {
    for (const route of routes.values()) route.stamp = null
  })
  const inForce = ({ service, green }: Route): number =>
    ready(service, 'green') === false && ready(service, 'blue') !== false ? 0 : green
  const seen = (route: Route): WeightSeen => ({
    service: route.service,
    green: route.green,
    effectiveGreen: inForce(route),
    ready: { blue: ready(route.service, 'blue'), green: ready(route.service, 'green') },
    revision: String(route.revision),
    stamp: route.stamp,
  })
  const of = (service: string): Route => {
    const route = routes.get(service)
    if (route === undefined) throw new Error(`no route ${service}`)
    return route
  }
  const set = (route: Route, green: number, by: Call | null): void => {
    options.changing?.(route.service)
    route.green = green
    route.revision += 1
    options.log?.(route.service, green, by)
    changes.tell(route.service)
  }
  const silence = <T>(): Answer<T> | null =>
    isCutOff ? { kind: 'unknown', because: 'the router does not answer' } : null
  const missing = (service: string) => ({ kind: 'refused', because: `no route ${service}` }) as const
  const admitted = (route: Route, by: Call): Answer<never> | null => {
    if (claim === undefined) return admit(route, by, true, false)
    const because = claim.admit(by.fence)
    return because === null ? null : { kind: 'refused', because }
  }

  const portsFor = (caller: Caller): Traffic => {
    const ask = <T>(method: string, signal: AbortSignal, see: () => Answer<T>) =>
      look(caller, method, signal, () => silence<T>() ?? see())
    return {
      supports: { testRoute: false, fences: true, probes: true },
      list: (signal) => ask('list weights', signal, () => ({ kind: 'ok', value: [...routes.values()].map(seen) })),
      read: (service, signal) =>
        ask('read weight', signal, () => {
          const route = routes.get(service)
          return route === undefined ? missing(service) : { kind: 'ok', value: seen(route) }
        }),
      watch: changes.watch,
      setWeight: async (by, service, green, baseline) => {
        const route = routes.get(service)
        if (route === undefined) return missing(service)
        if (!(green >= 0 && green <= 100)) return { kind: 'refused', because: `${green} is no weight from 0 to 100` }
        const apply = (): Answer<{ readonly revision: string }> => {
          const no = silence<never>() ?? admitted(route, by)
          if (no !== null) return no
          const holds = route.green === green && isStampOf(route.stamp, by)
          const conflict = holds ? null : conflictOf(route, by)
          if (conflict !== null) return conflict
          if (!holds) {
            route.stamp = stampAfter(route.stamp, by, baseline)
            set(route, green, by)
          }
          return { kind: 'ok', value: { revision: String(route.revision) } }
        }
        return call(caller, 'set weight', apply, { service, by })
      },
      testRoute: () => null,
    }
  }

  return {
    portsFor,
    inForce: (service) => inForce(of(service)),
    set: (service) => of(service).green,
    setByHand: (service, green) => set(of(service), green, null),
    readinessChanged: (service) => {
      if (routes.has(service)) changes.tell(service)
    },
    cutOff: (cut) => {
      isCutOff = cut
    },
  }
}
