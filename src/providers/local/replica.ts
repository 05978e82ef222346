import type { Millis } from '../../moves/goal.ts'
import type { LocalService } from './environment-file.ts'
import { probe } from './health.ts'
import { type Exit, endGroup, type Running, signalGroup } from './process-group.ts'

/** What has happened to a replica's processes so far, and what will. */
type Phase =
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout | null }
  | { readonly kind: 'running'; readonly running: Running; readonly port: number | null; readonly since: Millis }
  | { readonly kind: 'ended' }

export type Started = { readonly running: Running; readonly port: number | null; readonly since: Millis }

export type ReplicaWorld = {
  now(): Millis
  /** Starts the process and writes it down. A string: why it can't be. */
  start(name: string): Promise<Started | string>
  /** The process has ended. */
  gone(name: string, exit: Exit): void
  /** It will be started again, or could not be. */
  restarted(name: string): void
  /** Readiness, draining, problem or life changed. */
  changed(): void
}

/** One copy of a service: one process at a time, started again with growing pauses whenever it ends by itself. */
export type Replica = {
  readonly name: string
  /** What it was made from; one of another fingerprint is replaced. */
  readonly fingerprint: string
  readonly createdAt: Millis
  port(): number | null
  isReady(): boolean
  isDraining(): boolean
  isAlive(): boolean
  hasEnded(): boolean
  readyAt(): Millis | null
  /** Why it isn't ready, for people. */
  problem(): string | null
  /** Leaves the balancing, waits, then ends. May be repeated. */
  drain(): void
  /** Takes new settings of health, stop and backoff without a new process. */
  adjust(service: LocalService): void
}

type Options = {
  readonly name: string
  readonly fingerprint: string
  readonly service: LocalService
  readonly world: ReplicaWorld
  /** Found again after the supervisor was killed. */
  readonly adopted?: Started & { readonly draining: boolean }
}

/** After so long without an end a process counts as stable, and its next pause is the first again. */
const stableAfterMs: Millis = 10_000
/** Until it is ready, it is asked more often: waiting for a start is what people notice. */
const firstProbesMs: Millis = 50

export const createReplica = (options: Options): Replica => {
  const { name, fingerprint, world } = options
  let service = options.service
  let phase: Phase = { kind: 'waiting', timer: null }
  let draining = false
  let ready = false
  let readyAt: Millis | null = null
  let failures = 0
  let failedProbe: string | null = null
  let ends = 0
  let problem: string | null = null
  let nextStartAt: Millis | null = null

  const start = async (): Promise<void> => {
    nextStartAt = null
    const started = await world.start(name)
    if (typeof started === 'string') {
      problem = started
      ends += 1
      again()
    } else {
      follow(started)
    }
    world.changed()
  }

  const follow = (started: Started): void => {
    const { running, port, since } = started
    phase = { kind: 'running', running, port, since }
    running.onExit((exit) => {
      // Whatever it started itself goes with it.
      signalGroup(running.identity.pid, 'SIGKILL')
      ended(exit, since)
    })
    if (draining) endGroup(running, service.stop.graceMs)
    else void watchHealth(running)
  }

  const ended = (exit: Exit, since: Millis): void => {
    ready = false
    readyAt = null
    failures = 0
    failedProbe = null
    world.gone(name, exit)
    if (draining) {
      phase = { kind: 'ended' }
    } else {
      if (world.now() - since >= stableAfterMs) ends = 0
      ends += 1
      problem = `${exitInWords(exit)}, ${ends === 1 ? 'once' : `${ends} times`}`
      world.restarted(name)
      again()
    }
    world.changed()
  }

  const again = (): void => {
    if (draining) {
      phase = { kind: 'ended' }
      return
    }
    const pause = Math.min(service.backoff.firstMs * 2 ** Math.min(Math.max(ends - 1, 0), 30), service.backoff.maxMs)
    nextStartAt = world.now() + pause
    phase = { kind: 'waiting', timer: setTimeout(() => void start(), pause) }
  }

  const watchHealth = async (running: Running): Promise<void> => {
    const same = () => phase.kind === 'running' && phase.running === running && !draining
    await pauseFor(firstProbesMs)
    while (same() && phase.kind === 'running') {
      const fault = await healthOf(phase)
      if (!same()) return
      if (fault === null) healthy()
      else unhealthy(fault)
      await pauseFor(ready ? service.health.everyMs : Math.min(firstProbesMs * 2, service.health.everyMs))
    }
  }

  const healthOf = async (current: Phase & { readonly kind: 'running' }): Promise<string | null> => {
    if (current.port !== null) return probe(current.port, service.port?.healthPath ?? null, service.health.timeoutMs)
    // What doesn't listen is ready when it has not ended at once.
    return world.now() - current.since >= Math.min(service.health.everyMs, 300) ? null : 'it has just started'
  }

  const healthy = (): void => {
    failures = 0
    failedProbe = null
    if (ready) return
    ready = true
    readyAt = world.now()
    problem = null
    world.changed()
  }

  const unhealthy = (fault: string): void => {
    failures += 1
    const before = failedProbe
    failedProbe = fault
    if (ready && failures >= service.health.failures) {
      ready = false
      readyAt = null
      world.changed()
    } else if (!ready && before !== fault) world.changed()
  }

  const drain = (): void => {
    if (draining) return
    draining = true
    const wasServing = ready && service.port !== null
    ready = false
    readyAt = null
    if (phase.kind === 'waiting') {
      // A start under way is ended when it has come (`follow`).
      if (phase.timer !== null) {
        clearTimeout(phase.timer)
        phase = { kind: 'ended' }
      }
    } else if (phase.kind === 'running') {
      const { running } = phase
      setTimeout(() => endGroup(running, service.stop.graceMs), wasServing ? service.stop.drainMs : 0)
    }
    world.changed()
  }

  const tellProblem = (): string | null => {
    if (ready || draining) return null
    if (nextStartAt === null) return problem ?? (failedProbe === null ? null : `not ready: ${failedProbe}`)
    const seconds = Math.max(0, Math.ceil((nextStartAt - world.now()) / 1_000))
    return `${problem ?? 'it ended'}; next start in ${seconds} s`
  }

  if (options.adopted === undefined) void start()
  else {
    follow(options.adopted)
    if (options.adopted.draining) drain()
  }

  return {
    name,
    fingerprint,
    createdAt: options.adopted?.since ?? world.now(),
    port: () => (phase.kind === 'running' ? phase.port : null),
    isReady: () => ready,
    isDraining: () => draining,
    isAlive: () => phase.kind === 'running',
    hasEnded: () => phase.kind === 'ended',
    readyAt: () => readyAt,
    problem: tellProblem,
    drain,
    adjust: (changed) => {
      service = changed
    },
  }
}

const exitInWords = (exit: Exit): string => {
  if (exit.signal !== null) return `ended by ${exit.signal}`
  return exit.code === null ? 'ended while the supervisor was away' : `exited with code ${exit.code}`
}

const pauseFor = (ms: Millis): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
