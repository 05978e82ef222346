import type { Answer, Claims, StopMark, Traffic, WeightSeen } from '../engine/ports.ts'
import type { Millis } from '../moves/goal.ts'
import { admit, type Versioned } from './simulated-calls.ts'

export type SimulatedRoute = { readonly service: string; readonly green: number; readonly greenReady: boolean | null }

type Route = Versioned & { seen: Omit<WeightSeen, 'revision'> }

/** A router in memory: weights are in force at once, unless green is unready. `log` gets every weight that was set. */
export const createSimulatedTraffic = (
  routes: readonly SimulatedRoute[],
  log: (service: string, green: number) => void = () => undefined,
): Traffic => {
  const states = new Map(
    routes.map(({ service, green, greenReady }): [string, Route] => [
      service,
      {
        revision: 1,
        highest: null,
        seen: {
          service,
          green,
          effectiveGreen: greenReady === false ? 0 : green,
          ready: { blue: true, green: greenReady },
          stamp: null,
        },
      },
    ]),
  )
  const seen = (route: Route): WeightSeen => ({ ...route.seen, revision: String(route.revision) })
  return {
    supports: { testRoute: false, fences: true, probes: true },
    list: async () => ({ kind: 'ok', value: [...states.values()].map(seen) }),
    read: async (service) => {
      const route = states.get(service)
      return route === undefined
        ? { kind: 'refused', because: `no route ${service}` }
        : { kind: 'ok', value: seen(route) }
    },
    watch: () => undefined,
    setWeight: async (by, service, green, baseline): Promise<Answer<{ readonly revision: string }>> => {
      const route = states.get(service)
      if (route === undefined) return { kind: 'refused', because: `no route ${service}` }
      const no = admit(route, by, true, true)
      if (no !== null) return no
      const stamp = { fence: by.fence, intent: by.intent, baseline: route.seen.stamp?.baseline ?? baseline }
      route.seen = { ...route.seen, green, effectiveGreen: route.seen.ready.green === false ? 0 : green, stamp }
      route.revision += 1
      log(service, green)
      return { kind: 'ok', value: { revision: String(route.revision) } }
    },
    testRoute: () => null,
  }
}

/** An environment's claim in memory. `log` gets every stop mark. */
export const createSimulatedClaims = (
  name: string,
  now: () => Millis,
  epoch = 0,
  log: (name: string) => void = () => undefined,
): Claims => {
  let claim: { release: string | null; epoch: number; stop: StopMark | null } = { release: null, epoch, stop: null }
  const raise = (next: number, change: Partial<typeof claim>): Answer<null> => {
    if (next < claim.epoch) return { kind: 'refused', because: `epoch ${claim.epoch} was here` }
    claim = { ...claim, epoch: next, ...change }
    return { kind: 'ok', value: null }
  }
  return {
    name,
    read: async () => ({ kind: 'ok', value: { ...claim, now: now() } }),
    claim: async (release, next) =>
      claim.release !== null && claim.release !== release
        ? { kind: 'refused', because: `it belongs to ${claim.release}` }
        : raise(next, { release }),
    free: async (_release, next) => raise(next, { release: null }),
    stop: async (mark, next) => {
      log(name)
      return raise(next, { stop: mark })
    },
    clearStop: async () => raise(claim.epoch, { stop: null }),
  }
}
