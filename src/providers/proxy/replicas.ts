import { Agent } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Probe } from './probe.ts'

/** A replica as a supervisor lists it. All of them listen on 127.0.0.1. */
export type Endpoint = {
  readonly replica: string
  readonly port: number
  readonly ready: boolean
  readonly draining: boolean
}

/**
 * Node's servers close a connection 5 s after its last answer, others sooner. A request that is sent at that very moment
 * is lost, and can't be sent again if it isn't idempotent: so ours are given up well before.
 */
const idleSocketMs = 2_000

class ReplicaAgent extends Agent {
  /** The replica was taken out of balancing: what is on its way ends, and no connection is kept for more. */
  leaving = false

  constructor() {
    super({ keepAlive: true, timeout: idleSocketMs, maxFreeSockets: 64 })
  }

  override keepSocketAlive(socket: Duplex): boolean {
    // Node's own method says whether the socket may be kept; the type written for it has `void`.
    return !this.leaving && (super.keepSocketAlive(socket) as unknown as boolean)
  }

  closeIdle(): void {
    for (const sockets of Object.values(this.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
  }
}

export type Replica = {
  readonly name: string
  readonly port: number
  readonly agent: Agent
  /** Requests that it has now; whoever begins one counts it, and counts it off. */
  inFlight: number
}

type Known = Replica & {
  readonly agent: ReplicaAgent
  listed: Endpoint
  health: 'unknown' | 'up' | 'down'
  stop(): void
}

/** The replicas of one service on one side: which there are, which are ready, which takes the next request. */
export type Replicas = {
  /** What the supervisor lists. Those no longer listed, or draining, get nothing new; what they have ends. */
  update(endpoints: readonly Endpoint[]): void
  /** The supervisor does not answer: its list stays, and our own probes alone tell who is ready. */
  lose(): void
  ready(): boolean
  count(): { readonly listed: number; readonly ready: number }
  /** Whether the supervisor lists a replica of this name. */
  lists(replica: string): boolean
  /**
   * The ready replica with the fewest requests, other than `tried`; with none ready any other that is listed, since
   * trying beats giving up; null: there is none.
   */
  pick(tried: readonly Replica[]): Replica | null
  /** Nobody listened there: it counts as down until a probe succeeds. */
  refusedConnection(replica: Replica): void
  close(): void
}

/** The same name on another port is another process. */
const keyOf = (name: string, port: number): string => `${name}:${port}`

export type ReplicasOptions = {
  /** Starts probing a port; calls back with each change of mind. Returns how to stop. */
  readonly probe: (port: number, found: (up: boolean) => void) => Probe
  /** `ready` may have become another. */
  readonly changed: () => void
}

export const createReplicas = ({ probe, changed }: ReplicasOptions): Replicas => {
  const known = new Map<string, Known>()
  let connected = false
  let ready: Known[] = []
  let turn = 0

  const isReady = ({ listed, health }: Known): boolean => {
    if (listed.draining || health === 'down') return false
    return connected ? listed.ready : health === 'up' || listed.ready
  }

  const reconsider = (): void => {
    const before = ready.length > 0
    ready = [...known.values()].filter(isReady)
    if (before !== ready.length > 0) changed()
  }

  const add = (endpoint: Endpoint): Known => {
    const probing = probe(endpoint.port, (up) => {
      replica.health = up ? 'up' : 'down'
      reconsider()
    })
    const replica: Known = {
      name: endpoint.replica,
      port: endpoint.port,
      agent: new ReplicaAgent(),
      inFlight: 0,
      listed: endpoint,
      health: 'unknown',
      stop: () => probing.stop(),
    }
    return replica
  }

  const setLeaving = (replica: Known, leaving: boolean): void => {
    if (replica.agent.leaving === leaving) return
    replica.agent.leaving = leaving
    if (leaving) replica.agent.closeIdle()
  }

  const remove = (key: string, replica: Known): void => {
    known.delete(key)
    replica.stop()
    setLeaving(replica, true)
  }

  const fewest = (candidates: readonly Known[], tried: readonly Replica[]): Known | null => {
    let best: Known | null = null
    // Beginning at another place each time gives those with equally few requests their turns.
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[(turn + i) % candidates.length]
      if (candidate === undefined || tried.includes(candidate)) continue
      if (best === null || candidate.inFlight < best.inFlight) best = candidate
    }
    turn = (turn + 1) % 1_000_000
    return best
  }

  return {
    update: (endpoints) => {
      connected = true
      const listed = new Map(endpoints.map((endpoint) => [keyOf(endpoint.replica, endpoint.port), endpoint]))
      for (const [key, replica] of known) if (!listed.has(key)) remove(key, replica)
      for (const [key, endpoint] of listed) {
        const replica = known.get(key) ?? add(endpoint)
        known.set(key, replica)
        replica.listed = endpoint
        setLeaving(replica, endpoint.draining)
      }
      reconsider()
    },
    lose: () => {
      connected = false
      reconsider()
    },
    ready: () => ready.length > 0,
    count: () => ({ listed: known.size, ready: ready.length }),
    lists: (name) => [...known.values()].some((replica) => replica.name === name),
    pick: (tried) => {
      const picked = fewest(ready, tried)
      if (picked !== null || ready.length > 0) return picked
      const all = [...known.values()]
      return (
        fewest(
          all.filter(({ listed }) => !listed.draining),
          tried,
        ) ?? fewest(all, tried)
      )
    },
    refusedConnection: (replica) => {
      const found = known.get(keyOf(replica.name, replica.port))
      if (found === undefined || found !== replica) return
      found.health = 'down'
      reconsider()
    },
    close: () => {
      for (const [key, replica] of known) remove(key, replica)
      ready = []
    },
  }
}
