import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { EnvironmentSeen } from '../../inventory/estate.ts'
import type { Millis } from '../../moves/goal.ts'
import { type ClaimTable, claimTableOf } from './claim-table.ts'
import { fingerprintOf, inventoryOf, variablesOf, versionOf } from './definition.ts'
import type { LocalEnvironment, LocalService } from './environment-file.ts'
import { createFleet, type Fleet } from './fleet.ts'
import { type Front, openFront } from './front.ts'
import { createJobRuns, type JobRuns } from './job-runs.ts'
import { type LogFile, openLog } from './log-file.ts'
import { processBookOf } from './process-book.ts'
import { adoptProcess, endGroup } from './process-group.ts'
import { type RunTable, runTableOf } from './run-table.ts'
import { type ScheduleActs, scheduleActsOf } from './schedule-acts.ts'
import { createScheduleLoop, type ScheduleLoop } from './schedule-loop.ts'
import { type ScheduleTable, scheduleTableOf } from './schedule-table.ts'
import { readMeta, type State, writeMeta } from './state.ts'
import { statePathsOf } from './state-paths.ts'
import { type WorkloadActs, workloadActsOf } from './workload-acts.ts'
import { type WorkloadTable, workloadTableOf } from './workload-table.ts'

/** Everything that one environment runs, and what may be asked and done about it. */
export type Supervisor = {
  environment(): LocalEnvironment
  readonly state: State
  readonly claims: ClaimTable
  readonly workloads: WorkloadTable
  readonly schedules: ScheduleTable
  readonly runs: RunTable
  readonly jobs: JobRuns
  readonly loop: ScheduleLoop
  readonly workloadActs: WorkloadActs
  readonly scheduleActs: ScheduleActs
  fleet(service: string): Fleet | undefined
  log(service: string): LogFile
  /** Why there is no such service here; null: there is. */
  missing(service: string): string | null
  /** The stable address of a service, for others of this environment. */
  addressOf(service: string): string
  /** What of a service was applied last; empty: there is no such service. */
  versionOf(service: string): string
  inventory(hmacKey: Uint8Array): EnvironmentSeen
  /** Makes a changed file what should be; running replicas are replaced by each service's strategy. */
  apply(environment: LocalEnvironment): Promise<void>
  /** Calls back with a service that changed, or null for anything. Returns how to stop that. */
  watch(changed: (service: string | null) => void): () => void
  now(): Millis
  /** Ends all: schedules first, then runs and replicas, drained. The state, and with it the lock, is the caller's to close. */
  shutDown(): Promise<void>
}

const rotateEveryMs: Millis = 5_000
const pruneEveryMs: Millis = 3_600_000
const keepRunsMs: Millis = 7 * 24 * 3_600_000

/** What every process gets of the supervisor's own variables: where programs, homes and languages are; no secrets. */
const passedOn = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'] as const

type Options = {
  readonly environment: LocalEnvironment
  readonly state: State
  /** Whether services that are seen for the first time stay at 0, with schedules suspended, until they are told to run. */
  readonly asleep: boolean
  readonly now?: () => Millis
}

export const createSupervisor = async (options: Options): Promise<Supervisor> => {
  const { state } = options
  const now = options.now ?? Date.now
  let environment = options.environment
  const paths = statePathsOf(environment)
  const events = new EventEmitter()
  events.setMaxListeners(0)
  const claims = claimTableOf(state, environment.name)
  const workloads = workloadTableOf(state)
  const schedules = scheduleTableOf(state)
  const runs = runTableOf(state)
  const book = processBookOf(state)
  const fleets = new Map<string, Fleet>()
  const fronts = new Map<string, Front>()
  const logs = new Map<string, LogFile>()
  const versions = new Map<string, string>()
  const appliedVersionOf = (service: string): string => versions.get(service) ?? ''
  // The first start decides for good: a restart must not wake what sleeps, nor put to sleep what is new.
  const asleep = readMeta(state, 'asleep') ?? (options.asleep ? 'yes' : 'no')
  const key = readMeta(state, 'key') ?? randomBytes(32).toString('hex')
  writeMeta(state, 'asleep', asleep)
  writeMeta(state, 'key', key)

  const changed = (service: string | null): void => {
    events.emit('changed', service)
  }
  const log = (service: string): LogFile => {
    const open = logs.get(service) ?? openLog(paths.logs, service)
    logs.set(service, open)
    return open
  }
  const addressOf = (service: string): string => `http://127.0.0.1:${fronts.get(service)?.port ?? 0}`
  const missing = (service: string): string | null =>
    Object.hasOwn(environment.services, service)
      ? null
      : `environment ${environment.name} has no service ${service}, only ${Object.keys(environment.services).join(', ')}`
  const serviceOf = (name: string): LocalService | undefined =>
    Object.hasOwn(environment.services, name) ? environment.services[name] : undefined
  const processVariables = (service: LocalService, own: Readonly<Record<string, string>>) => {
    const declared = variablesOf(service, addressOf)
    if (declared.kind === 'missing') return declared.because
    const inherited = passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
    const titrate = { TITRATE_ENVIRONMENT: environment.name, TITRATE_SERVICE: service.name }
    return { ...Object.fromEntries(inherited), ...declared.values, ...titrate, ...own }
  }

  const jobs = createJobRuns({
    directory: paths.directory,
    runs,
    book,
    now,
    serviceOf,
    logOf: log,
    variablesOf: processVariables,
    onEnded: (service) => {
      // Not at once: a run may end while another is being started.
      setImmediate(() => loop.pass(service))
      changed(service)
    },
  })
  const loop: ScheduleLoop = createScheduleLoop({
    state,
    schedules,
    runs,
    jobs,
    now,
    services: () => Object.values(environment.services).filter((service) => service.schedule !== null),
    onChanged: changed,
    onFault: (service, error) => process.stderr.write(`pass of ${service} failed: ${String(error)}\n`),
  })
  const workloadActs = workloadActsOf({
    state,
    claims,
    workloads,
    missing,
    onChanged: (service) => {
      fleets.get(service)?.reconcile()
      changed(service)
    },
  })
  const scheduleActs = scheduleActsOf({
    state,
    claims,
    schedules,
    runs,
    jobs,
    loop,
    now,
    scheduled: (name) => {
      const service = serviceOf(name)
      if (service === undefined) return missing(name) ?? name
      return service.schedule === null ? `${name} has no schedule in environment ${environment.name}` : service
    },
    onChanged: (service) => {
      loop.changed(service)
      changed(service)
    },
  })

  const applyRows = (service: LocalService): void => {
    const row = workloads.read(service.name)
    if (row === null) workloads.create(service.name, service.replicas, asleep === 'yes')
    else if (row.writtenReplicas !== service.replicas) {
      // Only what was changed in the file counts: what an engine or a person has set meanwhile stays otherwise.
      const desired = row.asleep ? row.desired : service.replicas
      workloads.change({ ...row, desired, writtenReplicas: service.replicas })
    }
    if (service.schedule === null) return
    const { suspended } = service.schedule
    const schedule = schedules.read(service.name)
    if (schedule === null) schedules.create(service.name, suspended, asleep === 'yes', now())
    else if (schedule.writtenSuspended !== suspended) {
      const wanted = schedule.asleep ? schedule.suspended : suspended
      schedules.change({ ...schedule, suspended: wanted, writtenSuspended: suspended })
    }
  }

  const openFronts = async (): Promise<void> => {
    for (const service of Object.values(environment.services)) {
      if (service.port === null || fronts.has(service.name)) continue
      const before = workloads.read(service.name)?.frontPort ?? 0
      const backends = () => fleets.get(service.name)?.backends() ?? []
      const front = await openFront({ port: before, backends })
      fronts.set(service.name, front)
      if (front.port !== before) workloads.setFrontPort(service.name, front.port)
    }
  }

  const openFleets = (leftovers: ReturnType<typeof book.leftovers>): void => {
    for (const service of Object.values(environment.services)) {
      const fingerprint = fingerprintOf(environment, service, addressOf, key)
      versions.set(service.name, versionOf(environment, service))
      const fleet = fleets.get(service.name)
      if (fleet !== undefined) {
        fleet.adopt(service, fingerprint)
        continue
      }
      fleets.set(service.name, openFleet(service, fingerprint, leftovers))
    }
  }

  const openFleet = (service: LocalService, fingerprint: string, leftovers: ReturnType<typeof book.leftovers>): Fleet =>
    createFleet({
      service,
      fingerprint,
      workloads,
      book,
      log: log(service.name),
      leftovers: leftovers.filter((entry) => entry.kind === 'replica' && entry.service === service.name),
      now,
      variablesOf: processVariables,
      onChanged: () => changed(service.name),
    })

  const closeRemoved = async (): Promise<void> => {
    for (const [name, fleet] of fleets) {
      if (serviceOf(name) !== undefined) continue
      jobs.end(name, `${name} left the environment's file`)
      await fleet.drainAll()
      fleets.delete(name)
      await fronts.get(name)?.close()
      fronts.delete(name)
    }
  }

  const applyDefinitions = async (leftovers: ReturnType<typeof book.leftovers>): Promise<void> => {
    state.transaction(() => Object.values(environment.services).forEach(applyRows))()
    await openFronts()
    openFleets(leftovers)
    for (const fleet of fleets.values()) fleet.reconcile()
  }

  const leftovers = book.leftovers()
  // What was taken out of the file while no supervisor ran still has to be drained by somebody.
  const orphaned = leftovers.filter((entry) => entry.kind === 'replica' && serviceOf(entry.service) === undefined)
  for (const entry of orphaned) {
    if (entry.identity !== null) endGroup(adoptProcess(entry.identity), 5_000)
    book.close(entry.life)
  }
  await applyDefinitions(leftovers)
  jobs.recover(leftovers)
  loop.start()
  const rotating = setInterval(() => {
    for (const open of logs.values()) open.rotate()
  }, rotateEveryMs)
  const pruning = setInterval(() => runs.prune(now() - keepRunsMs), pruneEveryMs)

  return {
    environment: () => environment,
    state,
    claims,
    workloads,
    schedules,
    runs,
    jobs,
    loop,
    workloadActs,
    scheduleActs,
    fleet: (service) => fleets.get(service),
    log,
    missing,
    addressOf,
    versionOf: appliedVersionOf,
    inventory: (hmacKey) => inventoryOf({ environment, addressOf, appliedVersionOf, hmacKey, now: now() }),
    apply: async (next) => {
      const before = environment
      environment = next
      for (const service of Object.values(next.services)) {
        const schedule = schedules.read(service.name)
        // A new timetable begins now: its ticks of the past were never meant.
        if (schedule !== null && !sameTimes(service, before.services[service.name])) {
          schedules.advance(service.name, now(), null)
        }
      }
      await applyDefinitions([])
      for (const service of Object.values(environment.services)) if (service.schedule) loop.changed(service.name)
      changed(null)
      await closeRemoved()
    },
    watch: (listener) => {
      events.on('changed', listener)
      return () => events.off('changed', listener)
    },
    now,
    shutDown: async () => {
      loop.stop()
      for (const name of fleets.keys()) jobs.end(name, 'the environment was taken down')
      await Promise.all([...fleets.values()].map((fleet) => fleet.drainAll()))
      while (jobs.running() > 0) await new Promise((resolve) => setTimeout(resolve, 20))
      await Promise.all([...fronts.values()].map((front) => front.close()))
      clearInterval(rotating)
      clearInterval(pruning)
      for (const open of logs.values()) open.close()
    },
  }
}

const sameTimes = (a: LocalService, b: LocalService | undefined): boolean =>
  b === undefined || (a.schedule?.cron === b.schedule?.cron && a.schedule?.zone === b.schedule?.zone)
