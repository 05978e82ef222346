import type { Answer, Call, Stamp, WorkloadSeen, Workloads } from '../engine/ports.ts'
import type { Fence, Json, Millis, Side } from '../moves/goal.ts'
import { admit, type Caller, call } from './simulated-calls.ts'
import type { SimulatedClock } from './simulated-clock.ts'

export type SimulatedWorkload = {
  readonly service: string
  /** null: it does not exist here before it is provisioned. */
  readonly replicas: number | null
  readonly version: string
  readonly startMs: Millis
  readonly drainMs: Millis
  /** It starts, and never gets ready. */
  readonly neverReady: boolean
}

type Replica = { readonly readyAt: Millis; readonly goneAt: Millis | null }

type State = {
  readonly definition: SimulatedWorkload
  exists: boolean
  desired: number
  revision: number
  highest: Fence | null
  stamp: Stamp | null
  replicas: readonly Replica[]
}

export type SimulatedWorkloads = {
  readonly portsFor: (caller: Caller) => Workloads
  /** Processes alive now; no port is asked. */
  readonly running: (service: string) => number
  /** Nobody gets an answer while it is set. */
  readonly cutOff: (cut: boolean) => void
}

/** One environment's workloads: replicas take time to get ready and to drain, on a virtual clock. */
export const createSimulatedWorkloads = (options: {
  readonly side: Side
  readonly clock: SimulatedClock
  readonly workloads: readonly SimulatedWorkload[]
}): SimulatedWorkloads => {
  const { side, clock } = options
  let isCutOff = false
  const states = new Map(
    options.workloads.map((definition): [string, State] => [
      definition.service,
      {
        definition,
        exists: definition.replicas !== null,
        desired: definition.replicas ?? 0,
        revision: 1,
        highest: null,
        stamp: null,
        replicas: Array.from({ length: definition.replicas ?? 0 }, () => ({ readyAt: clock.now(), goneAt: null })),
      },
    ]),
  )
  const alive = (state: State) => state.replicas.filter(({ goneAt }) => goneAt === null || goneAt > clock.now())
  const staying = (state: State) => state.replicas.filter(({ goneAt }) => goneAt === null)

  const resize = (state: State, replicas: number) => {
    const { startMs, drainMs, neverReady } = state.definition
    const now = clock.now()
    const kept = staying(state).slice(0, replicas)
    const leaving = staying(state)
      .slice(replicas)
      .map((replica) => ({ ...replica, goneAt: now + drainMs }))
    const draining = alive(state).filter(({ goneAt }) => goneAt !== null)
    const added = Array.from({ length: Math.max(0, replicas - kept.length) }, () => ({
      readyAt: neverReady ? Number.POSITIVE_INFINITY : now + startMs,
      goneAt: null,
    }))
    state.replicas = [...kept, ...added, ...draining, ...leaving]
    state.desired = replicas
  }

  const seen = (state: State): WorkloadSeen => {
    const ready = staying(state).filter(({ readyAt }) => readyAt <= clock.now())
    return {
      service: state.definition.service,
      version: state.definition.version,
      desired: state.desired,
      ready: ready.length,
      running: alive(state).length,
      restarts: 0,
      problem: state.definition.neverReady && state.desired > 0 ? 'its health check fails' : null,
      youngestReadyAt: ready.length === 0 ? null : Math.max(...ready.map(({ readyAt }) => readyAt)),
      revision: String(state.revision),
      stamp: state.stamp,
    }
  }

  const portsFor = (caller: Caller): Workloads => {
    const silence = <T>(): Answer<T> | null =>
      isCutOff ? { kind: 'unknown', because: `${side} does not answer` } : null
    const write = (by: Call, service: string, method: string, baseline: Json, apply: (state: State) => void) => {
      const state = states.get(service)
      if (state === undefined) return Promise.resolve({ kind: 'refused', because: `no ${service} on ${side}` } as const)
      return call(caller, method, (): Answer<{ readonly revision: string }> => {
        const no = silence<never>() ?? admit(state, by, true, true)
        if (no !== null) return no
        apply(state)
        state.stamp = { fence: by.fence, intent: by.intent, baseline: state.stamp?.baseline ?? baseline }
        state.revision += 1
        return { kind: 'ok', value: { revision: String(state.revision) } }
      })
    }
    const existing = (service: string): Answer<State> => {
      const state = states.get(service)
      return state?.exists ? { kind: 'ok', value: state } : { kind: 'refused', because: `no ${service} on ${side}` }
    }
    return {
      side,
      inventory: () => Promise.resolve({ kind: 'refused', because: 'the rehearsal has no inventory of its own' }),
      list: async () =>
        silence() ?? { kind: 'ok', value: [...states.values()].filter(({ exists }) => exists).map(seen) },
      read: async (service) => {
        const state = existing(service)
        return silence() ?? (state.kind === 'ok' ? { kind: 'ok', value: seen(state.value) } : state)
      },
      watch: () => undefined,
      provision: (by, service, baseline) =>
        write(by, service, 'provision', baseline, (state) => {
          state.exists = true
        }),
      scale: (by, service, replicas, baseline) =>
        write(by, service, 'scale', baseline, (state) => resize(state, replicas)),
      logs: async () => ({ kind: 'ok', value: [] }),
      address: async () => ({ kind: 'ok', value: null }),
    }
  }

  return {
    portsFor,
    running: (service) => {
      const state = states.get(service)
      return state === undefined ? 0 : alive(state).length
    },
    cutOff: (cut) => {
      isCutOff = cut
    },
  }
}
