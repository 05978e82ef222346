import { randomUUID } from 'node:crypto'
import type { Millis } from '../../moves/goal.ts'
import type { LocalService } from './environment-file.ts'
import { decideFleet } from './fleet-decision.ts'
import { type Backend, freePort } from './front.ts'
import type { LogFile } from './log-file.ts'
import type { Leftover, ProcessBook } from './process-book.ts'
import { adoptProcess, faultOfCommand, startProcess } from './process-group.ts'
import { createReplica, type Replica, type Started } from './replica.ts'
import { durably } from './state.ts'
import type { WorkloadTable } from './workload-table.ts'

/** The replicas of one service, kept at what should be. */
export type Fleet = {
  readonly service: LocalService
  /** Takes the definition as it is in the file now; replicas made from another one are replaced. */
  adopt(service: LocalService, fingerprint: string): void
  /** Starts and drains until what is is what should be. Cheap when nothing is to be done. */
  reconcile(): void
  members(): readonly Replica[]
  /** Ready replicas with their ports. */
  backends(): readonly Backend[]
  /** No replica is wanted any more, whatever the table says. Resolves when the last process has ended. */
  drainAll(): Promise<void>
}

type Options = {
  readonly service: LocalService
  readonly fingerprint: string
  readonly workloads: WorkloadTable
  readonly book: ProcessBook
  readonly log: LogFile
  readonly leftovers: readonly Leftover[]
  now(): Millis
  /** Variables of a process, or why they can't be had. */
  variablesOf(service: LocalService, own: Readonly<Record<string, string>>): Readonly<Record<string, string>> | string
  /** Something that others see has changed. */
  onChanged(): void
}

export const createFleet = (options: Options): Fleet => {
  const { workloads, book, log } = options
  let { service, fingerprint } = options
  let draining = false
  let replicas: Replica[] = []
  let waiting: (() => void)[] = []
  const told = new Set<string>()

  const start = async (name: string): Promise<Started | string> => {
    const life = randomUUID()
    const port = service.port === null ? null : await freePort()
    const own = {
      TITRATE_REPLICA: name,
      TITRATE_LIFE: life,
      ...(port === null ? {} : { PORT: String(port) }),
    }
    const variables = options.variablesOf(service, own)
    if (typeof variables === 'string') return variables
    const fault = faultOfCommand(service.command[0], service.directory, variables['PATH'] ?? '')
    if (fault !== null) return fault
    const since = options.now()
    // Written down before there is a process, so that none is ever unknown.
    book.open({ life, service: service.name, name, kind: 'replica', port, fingerprint, createdAt: since })
    const { command, directory } = service
    const running = startProcess({ command, directory, variables, output: log.descriptor })
    if (typeof running === 'string') {
      book.close(life)
      return running
    }
    // It runs: a disk that is full just now must not make us start another.
    durably(() => book.record(life, running.identity))
    return { running, port, since }
  }

  const changed = (): void => {
    for (const replica of replicas) {
      if (!replica.isDraining() || told.has(replica.name)) continue
      told.add(replica.name)
      durably(() => book.draining(replica.name))
    }
    reconcileSoon()
    options.onChanged()
  }

  const world = {
    now: options.now,
    start: async (name: string) => {
      try {
        return await start(name)
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    },
    gone: (name: string) => durably(() => book.closeByName(name)),
    restarted: () => durably(() => workloads.countRestart(service.name)),
    changed,
  }

  let soon = false
  const reconcileSoon = (): void => {
    if (soon) return
    soon = true
    setImmediate(() => {
      soon = false
      durably(reconcile)
    })
  }

  const reconcile = (): void => {
    for (const replica of replicas) if (replica.hasEnded()) told.delete(replica.name)
    replicas = replicas.filter((replica) => !replica.hasEnded())
    const desired = draining ? 0 : (workloads.read(service.name)?.desired ?? 0)
    const members = replicas.map((replica) => ({
      name: replica.name,
      current: replica.fingerprint === fingerprint,
      ready: replica.isReady(),
      draining: replica.isDraining(),
      createdAt: replica.createdAt,
    }))
    const decision = decideFleet(members, desired, service.strategy)
    for (const replica of replicas) if (decision.drain.includes(replica.name)) replica.drain()
    for (let count = 0; count < decision.start; count++) {
      const name = workloads.nextReplica(service.name)
      replicas.push(createReplica({ name, fingerprint, service, world }))
    }
    if (replicas.length === 0) {
      for (const resolve of waiting) resolve()
      waiting = []
    }
  }

  for (const entry of options.leftovers) {
    if (entry.identity === null) {
      book.close(entry.life)
      continue
    }
    const adopted = {
      running: adoptProcess(entry.identity),
      port: entry.port,
      since: entry.createdAt,
      draining: entry.draining,
    }
    book.record(entry.life, entry.identity)
    replicas.push(createReplica({ name: entry.name, fingerprint: entry.fingerprint, service, world, adopted }))
  }

  return {
    get service() {
      return service
    },
    adopt: (changedService, changedFingerprint) => {
      service = changedService
      fingerprint = changedFingerprint
      for (const replica of replicas) if (replica.fingerprint === fingerprint) replica.adjust(service)
      reconcileSoon()
    },
    reconcile: reconcileSoon,
    members: () => replicas,
    backends: () =>
      replicas.flatMap((replica) => {
        const port = replica.port()
        return port !== null && replica.isReady() ? [{ replica: replica.name, port }] : []
      }),
    drainAll: () =>
      new Promise((resolve) => {
        draining = true
        waiting.push(resolve)
        reconcileSoon()
      }),
  }
}
