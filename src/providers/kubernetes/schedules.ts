import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { Answer, Schedules } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { ticksBetween } from '../timetable.ts'
import { type ActDeps, changeObject, stampOnly } from './act.ts'
import type { Barrier } from './barrier.ts'
import type { ClaimKeeper } from './claims.ts'
import { kinds } from './client/kinds.ts'
import type { KubernetesEnvironment } from './environment.ts'
import {
  actOnRevision,
  awakening,
  fenceTick,
  runJobNow,
  setCursorTo,
  suspension,
  unfenceTicks,
} from './schedule-acts.ts'
import { scheduleRevision } from './schedule-revision.ts'
import {
  generationOf,
  mostTicks,
  runsOfSchedule,
  scheduleSeen,
  timetableFor,
  watchedSchedule,
} from './schedule-view.ts'
import { stampOn } from './stamps.ts'

/** A pause may last as long as a controller is stopped for a moment, and the next tick is at most a minute away. */
const horizonMs: Millis = 180_000

type Options = {
  readonly environment: KubernetesEnvironment
  readonly claims: ClaimKeeper
  readonly barrier: Barrier
}

/** Schedules of one namespace: its CronJobs, handed over by cursor, tombstones and barrier. */
export const schedulesOf = ({ environment, claims, barrier }: Options): Schedules => {
  const { cluster, side } = environment
  const deps: ActDeps<CronJob> = { environment, claims, resource: kinds.cronJobs, revision: scheduleRevision }
  /** By service, the version of its spec since which the controller is known to have looked. Lost with the process, which costs a barrier. */
  const passed = new Map<string, string>()
  const look = async (service: string, signal: AbortSignal) => {
    const watched = await watchedSchedule(environment, service, signal)
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
      const own = { stamp: stampOn(watched.cronJob, claim.value), passesSinceChange: isPassed ? 1 : 0 }
      return { kind: 'ok', value: { ...scheduleSeen(watched, runs, cluster.now()), ...own } }
    },
    runs: async (service, since, signal) => {
      const looked = await look(service, signal)
      if (looked.kind !== 'ok') return looked
      return { kind: 'ok', value: looked.value.runs.map(({ run }) => run).filter((run) => run.startedAt >= since) }
    },
    ticks: async (service, from, until, signal) => {
      const watched = await watchedSchedule(environment, service, signal)
      if (watched.kind !== 'ok') return watched
      return { kind: 'ok', value: ticksBetween(timetableFor(watched.value.cronJob), from, until, mostTicks) }
    },
    stamp: (call, service, baseline) => changeObject(deps, call, service, baseline, stampOnly),
    pause: (call, service) => changeObject(deps, call, service, null, suspension(cluster.now)),
    resume: (call, service) => changeObject(deps, call, service, null, awakening),
    fence: (call, service, tick) => fenceTick(deps, call, service, tick),
    unfence: (call, service, after) => unfenceTicks(deps, call, service, after),
    barrier: async (call, service) => {
      const before = await actOnRevision(deps, call, service, async ({ object }): Promise<Answer<string>> => {
        return { kind: 'ok', value: generationOf(object) }
      })
      if (before.kind !== 'ok') return before
      const answer = await barrier.pass(call.signal)
      if (answer.kind === 'ok') passed.set(service, before.value)
      return answer
    },
    setCursor: (call, service, cursor) => setCursorTo(deps, call, service, cursor),
    runNow: (call, service, tick) => runJobNow(deps, call, service, tick),
  }
}
