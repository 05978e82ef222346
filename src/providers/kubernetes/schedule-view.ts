import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import type { Event } from 'kubernetes-types/core/v1.js'
import type { Answer, Run, ScheduleSeen } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { type Timetable, ticksBetween, timetableOf } from '../timetable.ts'
import { annotation, label } from './annotations.ts'
import type { KindReader } from './client/kind-watch.ts'
import { kinds } from './client/kinds.ts'
import { placeOf } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { isOver, runOf, tickInName, tickOf } from './job-facts.ts'
import { scheduleRevision } from './schedule-revision.ts'

const second: Millis = 1_000
export const mostTicks = 10_000

/** A CronJob with what is known of its Jobs, also of those that are gone. */
export type Watched = {
  readonly cronJob: CronJob
  readonly jobs: KindReader<Job>
  readonly events: KindReader<Event>
}

export type JobRun = { readonly job: Job; readonly run: Run }

/** What the watches know of one schedule. Refused: there is no such CronJob. */
export const watchedSchedule = async (
  { cluster, namespace }: KubernetesEnvironment,
  service: string,
  signal: AbortSignal,
): Promise<Answer<Watched>> => {
  const scope = { namespace }
  // What a Job that is gone already leaves behind for an hour.
  const told = { namespace, fields: 'reason=SuccessfulCreate,involvedObject.kind=CronJob' }
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
  return { kind: 'ok', value: { cronJob, jobs: jobs.value, events: events.value } }
}

/** Its runs and trials by start, newest last. */
export const runsOfSchedule = async (
  { cluster, namespace, side }: KubernetesEnvironment,
  { cronJob, jobs }: Watched,
  signal: AbortSignal,
): Promise<Answer<readonly JobRun[]>> => {
  const pods = await cluster.watches.of(kinds.pods, { namespace }).ready(signal)
  if (pods.kind !== 'ok') return pods
  const { name } = placeOf(cronJob)
  const trials = jobs.list({ namespace, labels: { [label.trial]: name } })
  const all = [...jobs.ownedBy(cronJob.metadata?.uid ?? ''), ...trials].map((job) => ({
    job,
    run: runOf(job, name, side, pods.value.ownedBy(job.metadata?.uid ?? '')),
  }))
  const value = all.toSorted((a, b) => a.run.startedAt - b.run.startedAt || tickOrLast(a.run) - tickOrLast(b.run))
  return { kind: 'ok', value }
}

const tickOrLast = ({ tick }: Run): Millis => tick ?? Number.MAX_SAFE_INTEGER

const instant = (time: string | undefined): Millis | null => {
  const at = Date.parse(time ?? '')
  return Number.isNaN(at) ? null : at
}

/** Which object it is, and which version of what is wanted of it. */
export const generationOf = ({ metadata }: CronJob): string => `${metadata?.uid}/${metadata?.generation}`

const createdAtOf = ({ metadata }: CronJob): Millis => instant(metadata?.creationTimestamp) ?? 0
const cursorIn = ({ status }: CronJob): Millis | null => instant(status?.lastScheduleTime)
/** Without one it is the controller manager's, which is UTC wherever it is managed. */
const zoneOf = ({ spec }: CronJob): string => spec?.timeZone ?? 'UTC'

export const timetableFor = (cronJob: CronJob): Timetable =>
  timetableOf(cronJob.spec?.schedule ?? '', zoneOf(cronJob), cursorIn(cronJob) ?? createdAtOf(cronJob))

const newestOf = (instants: readonly (Millis | null)[]): Millis | null =>
  instants.reduce((best, at) => (at !== null && (best === null || at > best) ? at : best), null)

/** The newest tick of which a Job is known to have been made: by the Jobs there are, and by what was told of those that are gone. */
const newestRunOf = ({ cronJob, jobs, events }: Watched): Millis | null => {
  const { name } = placeOf(cronJob)
  const uid = cronJob.metadata?.uid ?? ''
  const made = jobs.ownedBy(uid).map((job) => tickOf(job, name))
  const told = events
    .list({})
    .filter((event) => event.involvedObject.uid === uid)
    .map((event) => tickInName(/job (\S+)$/.exec(event.message ?? '')?.[1] ?? '', name))
  return newestOf([...made, ...told])
}

/** What is known of a schedule but for what isn't its own: our stamp, and whether a barrier was passed. */
type SeenByWatch = Omit<ScheduleSeen, 'stamp' | 'passesSinceChange'>

export const scheduleSeen = (watched: Watched, runs: readonly JobRun[], now: Millis): SeenByWatch => {
  const active = runs.filter(({ job }) => !isOver(job)).map(({ run }) => run)
  const { cronJob, jobs } = watched
  const { name } = placeOf(cronJob)
  const cursor = cursorIn(cronJob)
  const newestRun = newestRunOf(watched)
  const suspended = cronJob.spec?.suspend === true
  const deadline = cronJob.spec?.startingDeadlineSeconds
  const tombstones = jobs
    .list({ labels: { [label.tombstone]: name } })
    .map((job) => tickInName(placeOf(job).name, name))
  return {
    service: name,
    cron: cronJob.spec?.schedule ?? '',
    zone: zoneOf(cronJob),
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
  if (cronJob.spec?.concurrencyPolicy !== 'Forbid' || dealtWith === null) return null
  const pausedAt = instant(cronJob.metadata?.annotations?.[annotation.pausedAt])
  const until = suspended ? pausedAt : hasActive ? now : null
  if (until === null || until <= dealtWith) return null
  return ticksBetween(timetableFor(cronJob), dealtWith, until, mostTicks).at(-1) ?? null
}
