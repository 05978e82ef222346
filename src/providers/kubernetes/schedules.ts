import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { Answer, Schedules } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { ticksBetween } from '../timetable.ts'
import { type ActDeps, changeObject, stampOnly, urgencyOf } from './act.ts'
import type { Barrier } from './barrier.ts'
import type { ClaimKeeper } from './claims.ts'
import { kinds } from './client/kinds.ts'
import { completeSince } from './complete-since.ts'
import { timetableFor } from './cron-job-timetable.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { createGoneRuns } from './gone-runs.ts'
import {
  actOnRevision,
  fenceTick,
  resumeSchedule,
  runJobNow,
  setCursorTo,
  suspension,
  unfenceTicks,
} from './schedule-acts.ts'
import { scheduleRevision } from './schedule-revision.ts'
import { generationOf, mostTicks, runsOfSchedule, scheduleSeen, watchedSchedule } from './schedule-view.ts'
import { stampOn } from './stamps.ts'
import type { UnsuspendGuard } from './unsuspend-guard.ts'

/** A pause may last as long as a controller is stopped for a moment, and the next tick is at most a minute away. */
const horizonMs: Millis = 180_000

type Options = {
  readonly environment: KubernetesEnvironment
  readonly claims: ClaimKeeper
  readonly barrier: Barrier
  readonly guard: UnsuspendGuard
}

/** Schedules of one namespace: its CronJobs, handed over by cursor, tombstones and barrier. */
export const schedulesOf = ({ environment, claims, barrier, guard }: Options): Schedules => {
  const { cluster, side } = environment
  const deps: ActDeps<CronJob> = {
    environment,
    claims,
    resource: kinds.cronJobs,
    revision: scheduleRevision,
    urgency: 'urgent',
  }
  /** By service, the version of its spec since which the controller is known to have looked. Lost with the process, which costs a barrier. */
  const passed = new Map<string, string>()
  const goneRuns = createGoneRuns(environment)
  const look = async (service: string, signal: AbortSignal) => {
    const watched = await watchedSchedule(environment, goneRuns, service, signal)
    if (watched.kind !== 'ok') return watched
    const runs = await runsOfSchedule(environment, watched.value, signal)
    return runs.kind === 'ok' ? ({ kind: 'ok', value: { watched: watched.value, runs: runs.value } } as const) : runs
  }

  return {
    side,
    horizonMs,
    read: async (service, signal) => {
      const [looked, claim] = await Promise.all([look(service, signal), claims.known(signal)])
      if (looked.kind !== 'ok') return looked
      if (claim.kind !== 'ok') return claim
      const { watched, runs } = looked.value
      const isPassed = passed.get(service) === generationOf(watched.cronJob)
      const stamp = stampOn(watched.cronJob, claim.value)
      const own = { stamp, passesSinceChange: isPassed ? 1 : 0, unguarded: guard.missing() }
      return { kind: 'ok', value: { ...scheduleSeen(watched, runs, cluster.now()), ...own } }
    },
    runs: async (service, since, signal) => {
      const looked = await look(service, signal)
      if (looked.kind !== 'ok') return looked
      return { kind: 'ok', value: looked.value.runs.map(({ run }) => run).filter((run) => run.startedAt >= since) }
    },
    recordsSince: async (service, signal) => {
      const looked = await look(service, signal)
      if (looked.kind !== 'ok') return looked
      const { watched, runs } = looked.value
      return {
        kind: 'ok',
        value: completeSince(
          watched.cronJob,
          runs.map(({ run }) => run),
          goneRuns,
        ),
      }
    },
    ticks: async (service, from, until, signal, phase) => {
      const watched = await watchedSchedule(environment, goneRuns, service, signal)
      if (watched.kind !== 'ok') return watched
      const timetable = timetableFor(watched.value.cronJob, phase)
      return { kind: 'ok', value: timetable === null ? [] : ticksBetween(timetable, from, until, mostTicks) }
    },
    stamp: (call, service, baseline) => guard.past(changeObject(deps, call, service, baseline, stampOnly), call.signal),
    pause: async (call, service) => {
      if (side === 'blue') await guard.putUp(call.signal)
      barrier.expect(service)
      // What goes back stops on the other side before anything else is done about it.
      return changeObject({ ...deps, urgency: urgencyOf(call) }, call, service, null, suspension(cluster.now))
    },
    resume: (call, service) => guard.past(resumeSchedule(deps, call, service), call.signal),
    fence: (call, service, tick) => fenceTick(deps, call, service, tick),
    unfence: (call, service, after) => unfenceTicks(deps, call, service, after),
    barrier: async (call, service) => {
      const before = await actOnRevision(deps, call, service, async ({ object }): Promise<Answer<string>> => {
        return { kind: 'ok', value: generationOf(object) }
      })
      if (before.kind !== 'ok') return before
      const answer = await barrier.pass(service, call.signal)
      if (answer.kind === 'ok') passed.set(service, before.value)
      return answer
    },
    setCursor: (call, service, cursor) => guard.past(setCursorTo(deps, call, service, cursor), call.signal),
    runNow: (call, service, tick) => runJobNow(deps, call, service, tick),
  }
}
