import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import type { Event } from 'kubernetes-types/core/v1.js'
import type { Answer, Run, ScheduleSeen } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { ticksBetween } from '../timetable.ts'
import { annotation, label } from './annotations.ts'
import type { KindReader } from './client/kind-watch.ts'
import { kinds } from './client/kinds.ts'
import { placeOf } from './client/resource.ts'
import { createdAtOf, cursorIn, tickInMinute, timetableFor, unsureOf, zoneOf } from './cron-job-timetable.ts'
import type { KubernetesEnvironment } from './environment.ts'
import type { GoneRuns } from './gone-runs.ts'
import { instant } from './instant.ts'
import { isOver, runOf, tickInName, tickOf } from './job-facts.ts'
import { scheduleRevision } from './schedule-revision.ts'
import { runsToldOf } from './told-runs.ts'

const second: Millis = 1_000
export const mostTicks = 10_000

/** A CronJob with what is known of its Jobs, also of those that are gone. */
export type Watched = {
  readonly cronJob: CronJob
  readonly jobs: KindReader<Job>
  readonly events: KindReader<Event>
  /** Runs whose Jobs are gone. */
  readonly gone: readonly Run[]
}

/** `job`: null where it is gone. */
export type JobRun = { readonly job: Job | null; readonly run: Run }

/** What the watches know of one schedule. Refused: there is no such CronJob. */
export const watchedSchedule = async (
  { cluster, namespace, side }: KubernetesEnvironment,
  goneRuns: GoneRuns,
  service: string,
  signal: AbortSignal,
): Promise<Answer<Watched>> => {
  const scope = { namespace }
  goneRuns.watchedSince()
  // What a Job that is gone already leaves behind for an hour; not always, as controllers tell little of what runs often.
  const told = { namespace, fields: 'involvedObject.kind=CronJob' }
  const [cronJobs, jobs, events] = await Promise.all([
    cluster.watches.of(kinds.cronJobs, scope).ready(signal),
    cluster.watches.of(kinds.jobs, scope).ready(signal),
    cluster.watches.of(kinds.events, told).ready(signal),
  ])
  if (cronJobs.kind !== 'ok') return cronJobs
  if (jobs.kind !== 'ok') return jobs
  if (events.kind !== 'ok') return events
  const cronJob = cronJobs.value.get({ namespace, name: service })
  const missing = `there is no CronJob ${namespace}/${service} on ${cluster.name}`
  if (cronJob === null) return { kind: 'refused', because: missing }
  const seen = goneRuns.of({ name: service, uid: cronJob.metadata?.uid ?? '' })
  const known = new Set([
    ...seen.map(({ name }) => name),
    ...jobs.value.ownedBy(cronJob.metadata?.uid ?? '').map((job) => runOf(job, service, side, []).name),
  ])
  const gone = [
    ...seen,
    ...runsToldOf(cronJob, side, events.value.ownedBy(cronJob.metadata?.uid ?? '')).filter(
      ({ name }) => !known.has(name),
    ),
  ]
  return { kind: 'ok', value: { cronJob, jobs: jobs.value, events: events.value, gone } }
}

/** Its runs and trials by start, newest last. */
export const runsOfSchedule = async (
  { cluster, namespace, side }: KubernetesEnvironment,
  { cronJob, jobs, gone }: Watched,
  signal: AbortSignal,
): Promise<Answer<readonly JobRun[]>> => {
  const pods = await cluster.watches.of(kinds.pods, { namespace }).ready(signal)
  if (pods.kind !== 'ok') return pods
  const { name } = placeOf(cronJob)
  const trials = jobs.list({ namespace, labels: { [label.trial]: name } })
  const there = [...jobs.ownedBy(cronJob.metadata?.uid ?? ''), ...trials].map((job) => ({
    job,
    run: runOf(job, name, side, pods.value.ownedBy(job.metadata?.uid ?? '')),
  }))
  const all: readonly JobRun[] = [...there, ...gone.map((run) => ({ job: null, run }))]
  const value = all.toSorted((a, b) => a.run.startedAt - b.run.startedAt || tickOrLast(a.run) - tickOrLast(b.run))
  return { kind: 'ok', value }
}

const tickOrLast = ({ tick }: Run): Millis => tick ?? Number.MAX_SAFE_INTEGER

/** Which object it is, and which version of what is wanted of it. */
export const generationOf = ({ metadata }: CronJob): string => `${metadata?.uid}/${metadata?.generation}`

const newestOf = (instants: readonly (Millis | null)[]): Millis | null =>
  instants.reduce((best, at) => (at !== null && (best === null || at > best) ? at : best), null)

/** The newest tick of which a Job is known to have been made: by the Jobs there are, and by what was told of those that are gone. */
const newestRunOf = (watched: Watched): Millis | null => {
  const { cronJob, events, gone } = watched
  const { name } = placeOf(cronJob)
  const uid = cronJob.metadata?.uid ?? ''
  const told = events
    .ownedBy(uid)
    .filter((event) => event.reason === 'SuccessfulCreate')
    .map((event) => tickInName(/job (\S+)$/.exec(event.message ?? '')?.[1] ?? '', name))
    .map((tick) => (tick === null ? null : tickInMinute(cronJob, tick)))
  return newestOf([newestMade(watched), ...gone.map(({ tick }) => tick), ...told])
}

/** By the Jobs that there are. */
const newestMade = ({ cronJob, jobs }: Watched): Millis | null =>
  newestOf(jobs.ownedBy(cronJob.metadata?.uid ?? '').map((job) => tickOf(job, placeOf(cronJob).name)))

/** What is known of a schedule but for what isn't its own: our stamp, whether a barrier was passed, and the guard. */
type SeenByWatch = Omit<ScheduleSeen, 'stamp' | 'passesSinceChange' | 'unguarded'>

export const scheduleSeen = (watched: Watched, runs: readonly JobRun[], now: Millis): SeenByWatch => {
  const active = runs.filter(({ job }) => job !== null && !isOver(job)).map(({ run }) => run)
  const { cronJob, jobs } = watched
  const { name } = placeOf(cronJob)
  const cursor = cursorIn(cronJob)
  const newestRun = newestRunOf(watched)
  const suspended = cronJob.spec?.suspend === true
  const deadline = cronJob.spec?.startingDeadlineSeconds
  const tombstones = jobs.list({ labels: { [label.tombstone]: name } }).map((job) => tickOf(job, name))
  return {
    service: name,
    cron: cronJob.spec?.schedule ?? '',
    zone: zoneOf(cronJob),
    unsure: unsureOf(cronJob, newestMade(watched)),
    // The API server fills it in.
    concurrency: (cronJob.spec?.concurrencyPolicy ?? 'Allow') as ScheduleSeen['concurrency'],
    deadlineMs: deadline === undefined ? null : deadline * second,
    suspended,
    cursor,
    createdAt: createdAtOf(cronJob),
    newestRun,
    pending: pendingOf(cronJob, newestOf([cursor, newestRun]), { suspended, hasActive: active.length > 0, now }),
    fenced: tombstones
      .flatMap((tick) => (tick !== null && tick > (cursor ?? 0) ? [tick] : []))
      .toSorted((a, b) => a - b),
    active,
    revision: scheduleRevision(cronJob),
    now,
  }
}

/** Under `Forbid` the controller passes a tick over while a run goes on, and runs the newest of them when it ends. */
const pendingOf = (
  cronJob: CronJob,
  dealtWith: Millis | null,
  { suspended, hasActive, now }: { readonly suspended: boolean; readonly hasActive: boolean; readonly now: Millis },
): Millis | null => {
  const timetable = timetableFor(cronJob)
  if (cronJob.spec?.concurrencyPolicy !== 'Forbid' || dealtWith === null || timetable === null) return null
  const pausedAt = instant(cronJob.metadata?.annotations?.[annotation.pausedAt])
  const until = suspended ? pausedAt : hasActive ? now : null
  if (until === null || until <= dealtWith) return null
  return ticksBetween(timetable, dealtWith, until, mostTicks).at(-1) ?? null
}
