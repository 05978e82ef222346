import type { Millis } from '../../moves/goal.ts'
import { runNameOf } from '../run-name.ts'
import { type Timetable, timetableOf } from '../timetable.ts'
import type { LocalService } from './environment-file.ts'
import type { JobRuns } from './job-runs.ts'
import type { RunTable } from './run-table.ts'
import type { ScheduleRow, ScheduleTable } from './schedule-table.ts'
import { decideSchedule, type SchedulerDecision } from './scheduler.ts'
import { durably, type State } from './state.ts'

/** Makes due ticks into runs. A pass reads, decides and commits without a break, so none can act on what was before. */
export type ScheduleLoop = {
  /** One pass over one schedule, now. When it returns, nothing that was decided before can still happen. */
  pass(service: string): void
  /** The schedule was changed: passes are counted anew, and one is made soon. */
  changed(service: string): void
  passesSinceChange(service: string): number
  /** Looks at all schedules, and goes on doing so. */
  start(): void
  stop(): void
}

type Options = {
  readonly state: State
  readonly schedules: ScheduleTable
  readonly runs: RunTable
  readonly jobs: JobRuns
  now(): Millis
  /** The services that have a schedule now. */
  services(): readonly LocalService[]
  onChanged(service: string): void
  /** A pass failed (a full disk): it is made again. */
  onFault(service: string, error: unknown): void
}

/** A pass that comes later than this after the one before it counts as a gap: then only the most recent tick is caught up. */
const longestStallMs: Millis = 60_000
/** However far the next tick is, the clock is looked at as often: it may jump. */
const lookAtClockMs: Millis = 1_000
const retryMs: Millis = 1_000

/** The timetable of a service's schedule, with the phase that its row gives it, unless another is given. */
export const timetableOfRow = (service: LocalService, row: ScheduleRow, phase?: Millis): Timetable | null =>
  service.schedule === null
    ? null
    : timetableOf(service.schedule.cron, service.schedule.zone, phase ?? row.cursor ?? row.createdAt)

export const createScheduleLoop = (options: Options): ScheduleLoop => {
  const { state, schedules, runs, jobs } = options
  const lastPass = new Map<string, Millis>()
  const passes = new Map<string, number>()
  const nextAt = new Map<string, Millis | null>()
  let timer: NodeJS.Timeout | null = null
  let stopped = true
  let clockOffset = options.now() - performance.now()

  const decide = (service: LocalService, now: Millis): SchedulerDecision | null => {
    const row = schedules.read(service.name)
    const timetable = row === null ? null : timetableOfRow(service, row)
    if (row === null || timetable === null || service.schedule === null) return null
    const before = lastPass.get(service.name)
    const followed = before !== undefined && now - before <= longestStallMs
    const decision = decideSchedule({
      timetable,
      concurrency: service.schedule.concurrency,
      deadlineMs: service.schedule.deadlineMs,
      suspended: row.suspended,
      cursor: row.cursor,
      createdAt: row.createdAt,
      awakeSince: followed ? before : null,
      active: runs.active(service.name).length > 0,
      taken: (tick) => runs.find(runNameOf(service.name, tick)) !== null,
      now,
    })
    // What waited when it was suspended still waits.
    return row.suspended ? { ...decision, pending: row.pending } : decision
  }

  const pass = (name: string): void => {
    const service = options.services().find((candidate) => candidate.name === name)
    if (service === undefined || stopped) return
    const now = options.now()
    const begun: { name: string; service: string; tick: Millis }[] = []
    let decision: SchedulerDecision | null = null
    try {
      state.transaction(() => {
        decision = decide(service, now)
        if (decision === null) return
        for (const tick of decision.start) {
          const run = { name: runNameOf(name, tick), service: name, tick }
          if (runs.begin({ ...run, now })) begun.push(run)
        }
        const row = schedules.read(name)
        if (row?.cursor !== decision.cursor || row.pending !== decision.pending) {
          schedules.advance(name, decision.cursor, decision.pending)
        }
      })()
    } catch (error) {
      // Nothing was committed, so nothing is started.
      nextAt.set(name, now + retryMs)
      options.onFault(name, error)
      return
    }
    // Assigned inside the transaction, which the compiler can't follow.
    const decided = decision as SchedulerDecision | null
    if (decided === null) return
    lastPass.set(name, now)
    nextAt.set(name, decided.nextAt)
    passes.set(name, (passes.get(name) ?? 0) + 1)
    for (const run of begun) durably(() => jobs.start(run))
    if (decided.endActive) jobs.end(name, 'replaced by a newer tick')
    if (begun.length > 0) options.onChanged(name)
  }

  const turn = (): void => {
    const now = options.now()
    const offset = now - performance.now()
    const jumped = Math.abs(offset - clockOffset) > 500
    clockOffset = offset
    for (const { name } of options.services()) {
      const due = nextAt.get(name)
      if (jumped || due === undefined || (due !== null && due <= now)) pass(name)
    }
    arm()
  }

  const arm = (): void => {
    if (timer !== null) clearTimeout(timer)
    if (stopped) return
    const times = options.services().flatMap(({ name }) => nextAt.get(name) ?? [])
    const soonest = Math.min(...times.map((at) => at - options.now()), lookAtClockMs)
    timer = setTimeout(turn, Math.max(soonest, 0))
  }

  return {
    pass: (name) => {
      pass(name)
      arm()
    },
    changed: (name) => {
      passes.set(name, 0)
      lastPass.delete(name)
      setImmediate(() => {
        pass(name)
        arm()
      })
    },
    passesSinceChange: (name) => passes.get(name) ?? 0,
    start: () => {
      stopped = false
      turn()
    },
    stop: () => {
      stopped = true
      if (timer !== null) clearTimeout(timer)
    },
  }
}
