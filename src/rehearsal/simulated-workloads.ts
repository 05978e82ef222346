import type { Answer, Call, Stamp, WorkloadSeen, Workloads } from '../engine/ports.ts'
import type { EnvironmentSeen } from '../inventory/estate.ts'
import type { Json, Millis, Side } from '../moves/goal.ts'
import { admit, type Caller, call, conflictOf, look, type Versioned } from './simulated-calls.ts'
import { createChanges } from './simulated-change.ts'
import { isStampOf, type SimulatedClaim, stampAfter } from './simulated-claim.ts'
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
  /** What it writes; absent: nothing. */
  readonly logs?: readonly string[]
}

type Replica = { readonly readyAt: Millis; readonly goneAt: Millis | null }

type State = Versioned & {
  readonly definition: SimulatedWorkload
  version: string
  exists: boolean
  desired: number
  restarts: number
  /** All of its copies fail their checks, whatever they do. */
  isSick: boolean
  stamp: Stamp | null
  replicas: readonly Replica[]
}

export type SimulatedWorkloads = {
  readonly portsFor: (caller: Caller) => Workloads
  /** Processes alive now; no port is asked. */
  readonly running: (service: string) => number
  readonly ready: (service: string) => number
  readonly desired: (service: string) => number
  /** null: it does not exist here. */
  readonly version: (service: string) => string | null
  /** Nobody gets an answer while it is set. */
  readonly cutOff: (cut: boolean) => void
  /** What people and chance do to it, past every port. */
  readonly scaleByHand: (service: string, replicas: number) => void
  readonly deploy: (service: string, version: string) => void
  readonly setSick: (service: string, isSick: boolean) => void
  /** One of its copies dies, and is started again. */
  readonly crash: (service: string) => void
  readonly watch: Workloads['watch']
  /** Something else about the service may have changed. */
  readonly hint: (service: string) => void
}

/** One environment's workloads: replicas take time to get ready and to drain, on a virtual clock. */
export const createSimulatedWorkloads = (options: {
  readonly side: Side
  readonly clock: SimulatedClock
  readonly workloads: readonly SimulatedWorkload[]
  /** Absent: each object keeps the newest fence by itself. */
  readonly claim?: SimulatedClaim
  /** Absent: it has none to show. */
  readonly inventory?: (hmacKey: Uint8Array) => EnvironmentSeen
  /** Called before anything about a service changes. */
  readonly changing?: (service: string) => void
}): SimulatedWorkloads => {
  const { side, clock, claim } = options
  const changes = createChanges()
  let isCutOff = false
  const states = new Map(
    options.workloads.map((definition): [string, State] => [
      definition.service,
      {
        definition,
        version: definition.version,
        exists: definition.replicas !== null,
        desired: definition.replicas ?? 0,
        restarts: 0,
        isSick: false,
        revision: 1,
        highest: null,
        stamp: null,
        replicas: Array.from({ length: definition.replicas ?? 0 }, () => ({ readyAt: clock.now(), goneAt: null })),
      },
    ]),
  )
  claim?.whenFreed(() => {
    for (const state of states.values()) state.stamp = null
  })
  const of = (service: string): State => {
    const state = states.get(service)
    if (state === undefined) throw new Error(`${side} has no ${service}`)
    return state
  }
  const alive = (state: State) => state.replicas.filter(({ goneAt }) => goneAt === null || goneAt > clock.now())
  const staying = (state: State) => state.replicas.filter(({ goneAt }) => goneAt === null)
  const readyOf = ({ isSick, replicas }: State): number => {
    if (isSick) return 0
    const now = clock.now()
    let ready = 0
    for (const { readyAt, goneAt } of replicas) if (goneAt === null && readyAt <= now) ready += 1
    return ready
  }

  const changed = (state: State): void => changes.tell(state.definition.service)
  /** Tells when replicas that start now are ready, or those that end are gone. */
  const tellAt = (state: State, at: Millis): void => {
    if (!Number.isFinite(at)) return
    clock.at(at, () => {
      options.changing?.(state.definition.service)
      changed(state)
      return true
    })
  }

  const resize = (state: State, replicas: number) => {
    options.changing?.(state.definition.service)
    const { startMs, drainMs, neverReady } = state.definition
    const now = clock.now()
    const kept = staying(state).slice(0, replicas)
    const leaving = staying(state)
      .slice(replicas)
      .map((replica) => ({ ...replica, goneAt: now + drainMs }))
    const draining = alive(state).filter(({ goneAt }) => goneAt !== null)
    const readyAt = neverReady ? Number.POSITIVE_INFINITY : now + startMs
    const added = Array.from({ length: Math.max(0, replicas - kept.length) }, () => ({ readyAt, goneAt: null }))
    state.replicas = [...kept, ...added, ...draining, ...leaving]
    state.desired = replicas
    if (added.length > 0) tellAt(state, readyAt)
    if (leaving.length > 0) tellAt(state, now + drainMs)
    changed(state)
  }

  const seen = (state: State): WorkloadSeen => {
    const now = clock.now()
    let youngest: Millis | null = null
    for (const { readyAt, goneAt } of state.replicas)
      if (goneAt === null && readyAt <= now && readyAt > (youngest ?? 0)) youngest = readyAt
    return {
      service: state.definition.service,
      version: state.version,
      desired: state.desired,
      ready: readyOf(state),
      running: alive(state).length,
      restarts: state.restarts,
      problem: (state.definition.neverReady || state.isSick) && state.desired > 0 ? 'its health check fails' : null,
      youngestReadyAt: state.isSick ? null : youngest,
      revision: String(state.revision),
      stamp: state.stamp,
    }
  }

  const silence = <T>(): Answer<T> | null => (isCutOff ? { kind: 'unknown', because: `${side} does not answer` } : null)
  const missing = (service: string) => ({ kind: 'refused', because: `no ${service} on ${side}` }) as const
  const existing = (service: string): Answer<State> => {
    const state = states.get(service)
    return state?.exists ? { kind: 'ok', value: state } : missing(service)
  }
  const admitted = (state: State, by: Call): Answer<never> | null => {
    if (claim === undefined) return admit(state, by, true, false)
    const because = claim.admit(by.fence)
    return because === null ? null : { kind: 'refused', because }
  }
  const revised = (state: State) => ({ kind: 'ok', value: { revision: String(state.revision) } }) as const

  const portsFor = (caller: Caller): Workloads => {
    const write = (
      by: Call,
      service: string,
      method: string,
      baseline: Json,
      change: { readonly holds: (state: State) => boolean; readonly make: (state: State) => void },
    ) => {
      const state = states.get(service)
      if (state === undefined) return Promise.resolve(missing(service))
      const apply = (): Answer<{ readonly revision: string }> => {
        const no = silence<never>() ?? admitted(state, by)
        if (no !== null) return no
        if (change.holds(state) && isStampOf(state.stamp, by)) return revised(state)
        const conflict = conflictOf(state, by)
        if (conflict !== null) return conflict
        change.make(state)
        state.stamp = stampAfter(state.stamp, by, baseline)
        state.revision += 1
        return revised(state)
      }
      return call(caller, `${side} ${method}`, apply, { service, by })
    }
    const ask = <T>(method: string, signal: AbortSignal, see: () => Answer<T>) =>
      look(caller, method, signal, () => silence<T>() ?? see())
    return {
      side,
      inventory: (hmacKey, signal) =>
        ask('inventory', signal, () =>
          options.inventory === undefined
            ? { kind: 'refused', because: `${side} has no inventory of its own` }
            : { kind: 'ok', value: options.inventory(hmacKey) },
        ),
      list: (signal) =>
        ask('list workloads', signal, () => ({
          kind: 'ok',
          value: [...states.values()].filter(({ exists }) => exists).map(seen),
        })),
      read: (service, signal) =>
        ask('read workload', signal, () => {
          const state = existing(service)
          return state.kind === 'ok' ? { kind: 'ok', value: seen(state.value) } : state
        }),
      watch: changes.watch,
      provision: (by, service, baseline) =>
        write(by, service, 'provision', baseline, {
          holds: ({ exists }) => exists,
          make: (state) => {
            state.exists = true
            changed(state)
          },
        }),
      scale: (by, service, replicas, baseline) =>
        write(by, service, 'scale', baseline, {
          holds: ({ desired }) => desired === replicas,
          make: (state) => resize(state, replicas),
        }),
      logs: (service, lines, signal) =>
        ask('logs', signal, () => {
          const state = existing(service)
          return state.kind === 'ok' ? { kind: 'ok', value: (state.value.definition.logs ?? []).slice(-lines) } : state
        }),
      // Nothing listens in this world.
      address: (_service, signal) => ask('address', signal, () => ({ kind: 'ok', value: null })),
    }
  }

  return {
    portsFor,
    watch: changes.watch,
    hint: changes.tell,
    running: (service) => {
      const state = states.get(service)
      return state === undefined ? 0 : alive(state).length
    },
    ready: (service) => {
      const state = states.get(service)
      return state === undefined ? 0 : readyOf(state)
    },
    version: (service) => {
      const { exists, version } = of(service)
      return exists ? version : null
    },
    desired: (service) => states.get(service)?.desired ?? 0,
    cutOff: (cut) => {
      isCutOff = cut
    },
    scaleByHand: (service, replicas) => {
      const state = of(service)
      resize(state, replicas)
      state.revision += 1
    },
    deploy: (service, version) => {
      const state = of(service)
      state.version = version
      state.revision += 1
      changed(state)
    },
    setSick: (service, isSick) => {
      const state = of(service)
      options.changing?.(service)
      state.isSick = isSick
      changed(state)
    },
    crash: (service) => {
      const state = of(service)
      const [first, ...rest] = staying(state)
      if (first === undefined) return
      options.changing?.(service)
      const readyAt = state.definition.neverReady ? Number.POSITIVE_INFINITY : clock.now() + state.definition.startMs
      state.replicas = [{ readyAt, goneAt: null }, ...rest, ...state.replicas.filter(({ goneAt }) => goneAt !== null)]
      state.restarts += 1
      tellAt(state, readyAt)
      changed(state)
    },
  }
}
