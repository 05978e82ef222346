import type { Answer } from '../../engine/ports.ts'
import type { Json, Millis } from '../../moves/goal.ts'
import { runNameOf, trialNameOf } from '../run-name.ts'
import { isStampOf, stampAfter } from '../stamp.ts'
import type { ClaimTable } from './claim-table.ts'
import type { LocalService } from './environment-file.ts'
import type { JobRuns } from './job-runs.ts'
import type { RunTable } from './run-table.ts'
import type { ScheduleLoop } from './schedule-loop.ts'
import type { ScheduleRow, ScheduleTable } from './schedule-table.ts'
import { durably, type State } from './state.ts'
import { type ActCall, conflictOf, type Revised, revised } from './workload-acts.ts'

/** Acts on schedules: what the handoff needs. Fences and runs are no change of the schedule: its revision stays. */
export type ScheduleActs = {
  stamp(call: ActCall, service: string, baseline: Json): Revised
  pause(call: ActCall, service: string): Revised
  resume(call: ActCall, service: string): Revised
  setCursor(call: ActCall, service: string, cursor: Millis): Revised
  fence(call: ActCall, service: string, tick: Millis): Answer<'fenced' | 'ran'>
  unfence(call: ActCall, service: string, after: Millis): Answer<{ readonly removed: readonly Millis[] }>
  barrier(call: ActCall, service: string): Answer<null>
  runNow(call: ActCall, service: string, tick: Millis | null): Answer<'started' | 'exists'>
  /** A person's change: no fence, no stamp, a new revision. */
  suspendByHand(service: string, suspended: boolean): Revised
}

type Options = {
  readonly state: State
  readonly claims: ClaimTable
  readonly schedules: ScheduleTable
  readonly runs: RunTable
  readonly jobs: JobRuns
  readonly loop: ScheduleLoop
  now(): Millis
  /** The service, if it is here and has a schedule; else why not. */
  scheduled(service: string): LocalService | string
  onChanged(service: string): void
}

export const scheduleActsOf = (options: Options): ScheduleActs => {
  const { state, claims, schedules, runs, jobs, loop } = options

  /** One transaction: is it here, may this call act, is it still what the caller read? */
  const admitted = <T>(call: ActCall, service: string, work: (row: ScheduleRow) => Answer<T>): Answer<T> =>
    state.transaction((): Answer<T> => {
      const found = options.scheduled(service)
      const because = typeof found === 'string' ? found : claims.admit(call.fence)
      if (because !== null) return { kind: 'refused', because }
      const row = schedules.read(service)
      return row === null ? { kind: 'refused', because: `${service} was never applied` } : work(row)
    })()

  const change = (
    call: ActCall,
    service: string,
    baseline: Json,
    wanted: Partial<Pick<ScheduleRow, 'suspended' | 'asleep' | 'cursor'>>,
  ): Revised =>
    admitted(call, service, (row) => {
      const next = { ...row, ...wanted }
      const holds = next.suspended === row.suspended && next.asleep === row.asleep && next.cursor === row.cursor
      if (holds && isStampOf(row.stamp, call)) return revised(row.revision)
      const conflict = conflictOf(call, service, row.revision)
      if (conflict !== null) return conflict
      const revision = schedules.change({ ...next, stamp: stampAfter(row.stamp, call, baseline) })
      options.onChanged(service)
      return revised(revision)
    })

  const runNow = (call: ActCall, service: string, tick: Millis | null): Answer<'started' | 'exists'> => {
    const name = tick === null ? trialNameOf(service, call.intent) : runNameOf(service, tick)
    const answer = admitted(call, service, (row): Answer<'started' | 'exists'> => {
      const found = runs.find(name)
      if (found === 'run') return { kind: 'ok', value: 'exists' }
      if (found === 'tombstone')
        return { kind: 'refused', because: `${name} is fenced here: it runs on the other side` }
      const conflict = conflictOf(call, service, row.revision)
      if (conflict !== null) return conflict
      const active = runs.active(service)[0]
      if (active !== undefined && overlapForbidden(options.scheduled(service))) {
        return { kind: 'conflict', because: `${active.name} still runs, and ${service} allows one run at a time` }
      }
      runs.begin({ name, service, tick, now: options.now() })
      return { kind: 'ok', value: 'started' }
    })
    // After the commit: a run is in the table before its process is.
    if (answer.kind === 'ok' && answer.value === 'started') durably(() => jobs.start({ name, service, tick }))
    return answer
  }

  return {
    stamp: (call, service, baseline) => change(call, service, baseline, {}),
    pause: (call, service) => change(call, service, null, { suspended: true }),
    resume: (call, service) => change(call, service, null, { suspended: false, asleep: false }),
    setCursor: (call, service, cursor) => change(call, service, null, { cursor }),
    fence: (call, service, tick) =>
      admitted(
        call,
        service,
        (row) =>
          conflictOf(call, service, row.revision) ?? { kind: 'ok', value: runs.fence(service, tick, options.now()) },
      ),
    unfence: (call, service, after) =>
      admitted(
        call,
        service,
        (row) =>
          conflictOf(call, service, row.revision) ?? { kind: 'ok', value: { removed: runs.unfence(service, after) } },
      ),
    barrier: (call, service) => {
      const answer = admitted(call, service, (): Answer<null> => ({ kind: 'ok', value: null }))
      if (answer.kind === 'ok') loop.pass(service)
      return answer
    },
    runNow,
    suspendByHand: (service, suspended) =>
      state.transaction((): Revised => {
        const found = options.scheduled(service)
        const row = schedules.read(service)
        if (typeof found === 'string' || row === null) {
          return { kind: 'refused', because: typeof found === 'string' ? found : `${service} is unknown` }
        }
        if (row.suspended === suspended) return revised(row.revision)
        const revision = schedules.change({ ...row, suspended, asleep: false })
        options.onChanged(service)
        return revised(revision)
      })(),
  }
}

const overlapForbidden = (service: LocalService | string): boolean =>
  typeof service !== 'string' && service.schedule?.concurrency !== 'Allow'
