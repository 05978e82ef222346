import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import type { Event } from 'kubernetes-types/core/v1.js'
import type { Answer, Call, Run, ScheduleSeen, Schedules } from '../../engine/ports.ts'
import type { Json, Millis } from '../../moves/goal.ts'
import { trialNameOf } from '../run-name.ts'
import { isStampOf, stampAfter } from '../stamp.ts'
import { type Timetable, ticksBetween, timetableOf } from '../timetable.ts'
import { type ActDeps, actOn, type Change, changeObject, type Looked, stampOnly } from './act.ts'
import { annotation, fieldManager, label } from './annotations.ts'
import type { Barrier } from './barrier.ts'
import type { ClaimKeeper } from './claims.ts'
import type { KindReader } from './client/kind-watch.ts'
import { kinds } from './client/kinds.ts'
import { placeOf } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'
import {
  isOver,
  isOwnedBy,
  isTombstone,
  jobNameOf,
  runOf,
  tickInName,
  tickJobOf,
  tickOf,
  tombstoneOf,
  trialJobOf,
} from './job-facts.ts'
import { scheduleRevision } from './schedule-revision.ts'
import { stampOn, writtenStamp } from './stamps.ts'

/** A pause may last as long as a controller is stopped for a moment, and the next tick is at most a minute away. */
const horizonMs: Millis = 180_000
const second: Millis = 1_000
const mostTicks = 10_000

type Options = { readonly environment: KubernetesEnvironment; readonly claims: ClaimKeeper; readonly barrier: Barrier }

type Watched = {
  readonly cronJob: CronJob
  readonly jobs: KindReader<Job>
  readonly events: KindReader<Event>
}

/** Schedules of one namespace: its CronJobs, handed over by cursor, tombstones and barrier. */
export const schedulesOf = ({ environment, claims, barrier }: Options): Schedules => {
  const { cluster, namespace, side } = environment
  const scope = { namespace }
  const cronJobs = cluster.watches.of(kinds.cronJobs, scope)
  const jobs = cluster.watches.of(kinds.jobs, scope)
  const pods = cluster.watches.of(kinds.pods, scope)
  // What a Job that is gone already leaves behind for an hour.
  const events = cluster.watches.of(kinds.events, {
    namespace,
    fields: 'reason=SuccessfulCreate,involvedObject.kind=CronJob',
  })
  const deps: ActDeps<CronJob> = { environment, claims, resource: kinds.cronJobs, revision: scheduleRevision }
  /** By service, the generation of its spec for which the controller is known to have looked. Lost with the process, which costs a barrier. */
  const passed = new Map<string, string>()

  const look = async (service: string, signal: AbortSignal): Promise<Answer<Watched>> => {
    const [schedules, made, told] = await Promise.all([
      cronJobs.ready(signal),
      jobs.ready(signal),
      events.ready(signal),
    ])
    if (schedules.kind !== 'ok') return schedules
    if (made.kind !== 'ok') return made
    if (told.kind !== 'ok') return told
    const cronJob = schedules.value.get({ namespace, name: service })
    if (cronJob === null)
      return { kind: 'refused', because: `there is no CronJob ${namespace}/${service} on ${cluster.name}` }
    return { kind: 'ok', value: { cronJob, jobs: made.value, events: told.value } }
  }
  const runsOf = async (
    { cronJob, jobs: made }: Watched,
    signal: AbortSignal,
  ): Promise<Answer<readonly { readonly job: Job; readonly run: Run }[]>> => {
    const reader = await pods.ready(signal)
    if (reader.kind !== 'ok') return reader
    const { name } = placeOf(cronJob)
    const trials = made.list({ namespace, labels: { [label.trial]: name } })
    const all = [...made.ownedBy(cronJob.metadata?.uid ?? ''), ...trials].map((job) => ({
      job,
      run: runOf(job, name, side, reader.value.ownedBy(job.metadata?.uid ?? '')),
    }))
    return {
      kind: 'ok',
      value: all.toSorted((a, b) => a.run.startedAt - b.run.startedAt || tickOrLast(a.run) - tickOrLast(b.run)),
    }
  }
  const change = (call: Call, service: string, baseline: Json, wanted: Change<CronJob>) =>
    changeObject(deps, call, service, baseline, wanted)
  const act = <R>(
    call: Call,
    service: string,
    work: (looked: Looked<CronJob>) => Promise<Answer<R>>,
  ): Promise<Answer<R>> => actOn(deps, call, service, async (looked) => looked.conflict ?? work(looked))

  /** Makes a Job. `exists`: one of that name is there, and this is it. */
  const make = async (
    job: Job,
    signal: AbortSignal,
  ): Promise<Answer<{ readonly kind: 'made' | 'exists'; readonly job: Job }>> => {
    const made = await cluster.client.create(kinds.jobs, job, { signal, urgency: 'urgent' })
    if (made.kind === 'ok') {
      jobs.note(made.value)
      return { kind: 'ok', value: { kind: 'made', job: made.value } }
    }
    if (made.kind !== 'conflict') return made
    const there = await cluster.client.get(kinds.jobs, placeOf(job), { signal, urgency: 'urgent' })
    if (there.kind !== 'ok') return there
    if (there.value === null) return { kind: 'conflict', because: `${made.because}, and is gone again` }
    jobs.note(there.value)
    return { kind: 'ok', value: { kind: 'exists', job: there.value } }
  }
  const strange = (job: Job): Answer<never> => ({
    kind: 'refused',
    because: `Job ${namespace}/${placeOf(job).name} on ${cluster.name} has the name of a tick, and belongs neither to its CronJob nor to us. Delete it, or wait until it is gone.`,
  })

  return {
    side,
    horizonMs,
    read: async (service, signal) => {
      const looked = await look(service, signal)
      if (looked.kind !== 'ok') return looked
      const [runs, claim] = await Promise.all([runsOf(looked.value, signal), claims.known(signal)])
      if (runs.kind !== 'ok') return runs
      if (claim.kind !== 'ok') return claim
      const { cronJob } = looked.value
      const active = runs.value.filter(({ job }) => !isOver(job)).map(({ run }) => run)
      const isPassed = passed.get(service) === generationOf(cronJob)
      const facts = {
        active,
        stamp: stampOn(cronJob, claim.value),
        passesSinceChange: isPassed ? 1 : 0,
        now: cluster.now(),
      }
      return { kind: 'ok', value: { ...scheduleSeen(looked.value, active.length > 0, facts.now), ...facts } }
    },
    runs: async (service, since, signal) => {
      const looked = await look(service, signal)
      if (looked.kind !== 'ok') return looked
      const runs = await runsOf(looked.value, signal)
      if (runs.kind !== 'ok') return runs
      return { kind: 'ok', value: runs.value.map(({ run }) => run).filter((run) => run.startedAt >= since) }
    },
    ticks: async (service, from, until, signal) => {
      const looked = await look(service, signal)
      if (looked.kind !== 'ok') return looked
      const timetable = timetableFor(looked.value.cronJob)
      return { kind: 'ok', value: ticksBetween(timetable, from, until, mostTicks) }
    },
    stamp: (call, service, baseline) => change(call, service, baseline, stampOnly),
    pause: (call, service) => change(call, service, null, suspension(cluster.now)),
    resume: (call, service) => change(call, service, null, awakening),
    fence: (call, service, tick) =>
      act<'fenced' | 'ran'>(call, service, async ({ object }) => {
        const made = await make(tombstoneOf(object, tick), call.signal)
        if (made.kind !== 'ok') return made
        const { job } = made.value
        if (isTombstone(job)) return { kind: 'ok', value: 'fenced' }
        return isOwnedBy(job, object) ? { kind: 'ok', value: 'ran' } : strange(job)
      }),
    unfence: (call, service, after) =>
      act(call, service, async () => {
        const labels = `${label.tombstone}=${service}`
        const list = await cluster.client.list(
          kinds.jobs,
          { namespace, labels },
          { signal: call.signal, urgency: 'urgent' },
        )
        if (list.kind !== 'ok') return list
        const wanted = list.value.items
          .map((job) => ({ job, tick: tickInName(placeOf(job).name, service) }))
          .filter(({ tick }) => tick !== null && tick > after)
          .toSorted((a, b) => (a.tick ?? 0) - (b.tick ?? 0))
        const gone = goneFrom(
          environment,
          wanted.map(({ job }) => placeOf(job).name),
          call.signal,
        )
        for (const { job } of wanted) {
          const uid = job.metadata?.uid === undefined ? {} : { uid: job.metadata.uid }
          const removed = await cluster.client.remove(kinds.jobs, placeOf(job), {
            signal: call.signal,
            urgency: 'urgent',
            dependents: 'Background',
            ...uid,
          })
          if (removed.kind !== 'ok') return removed
        }
        await gone
        return { kind: 'ok', value: { removed: wanted.flatMap(({ tick }) => tick ?? []) } }
      }),
    barrier: async (call, service) => {
      const before = await act(
        call,
        service,
        async ({ object }) => ({ kind: 'ok', value: generationOf(object) }) as const,
      )
      if (before.kind !== 'ok') return before
      const answer = await barrier.pass(call.signal)
      if (answer.kind === 'ok') passed.set(service, before.value)
      return answer
    },
    setCursor: (call, service, cursor) =>
      act(call, service, async ({ object, stamp }) => {
        const lastScheduleTime = new Date(Math.floor(cursor / second) * second).toISOString().replace('.000Z', 'Z')
        const isOurs = isStampOf(stamp, call)
        if (isOurs && object.status?.lastScheduleTime === lastScheduleTime)
          return { kind: 'ok', value: { revision: scheduleRevision(object) } }
        const place = placeOf(object)
        const write = { signal: call.signal, urgency: 'urgent' } as const
        const patch = (body: object, how: typeof write & { readonly subresource?: 'status' }) =>
          cluster.client.patch(kinds.cronJobs, place, { kind: 'merge', body, manager: fieldManager }, how)
        // Annotations can't be written with a status, so the stamp goes first.
        const metadata = {
          resourceVersion: object.metadata?.resourceVersion,
          annotations: writtenStamp(stampAfter(stamp, call, null)),
        }
        const stamped = isOurs ? ({ kind: 'ok', value: object } as const) : await patch({ metadata }, write)
        if (stamped.kind !== 'ok') return stamped
        const { resourceVersion } = stamped.value.metadata ?? {}
        const written = await patch(
          { metadata: { resourceVersion }, status: { lastScheduleTime } },
          { ...write, subresource: 'status' },
        )
        if (written.kind !== 'ok') return written
        cronJobs.note(written.value)
        return { kind: 'ok', value: { revision: scheduleRevision(written.value) } }
      }),
    runNow: (call, service, tick) =>
      act<'started' | 'exists'>(call, service, async ({ object }) => {
        const reader = await jobs.ready(call.signal)
        if (reader.kind !== 'ok') return reader
        const name = tick === null ? trialNameOf(service, call.intent) : jobNameOf(service, tick)
        const known = reader.value.get({ namespace, name })
        const active = reader.value.ownedBy(object.metadata?.uid ?? '').find((job) => !isOver(job))
        if (known === null && active !== undefined && object.spec?.concurrencyPolicy !== 'Allow') {
          return {
            kind: 'conflict',
            because: `${placeOf(active).name} still runs, and ${service} allows one run at a time`,
          }
        }
        const made = await make(tick === null ? trialJobOf(object, name) : tickJobOf(object, tick), call.signal)
        if (made.kind !== 'ok') return made
        const { job } = made.value
        if (made.value.kind === 'made') return { kind: 'ok', value: 'started' }
        if (isTombstone(job)) return { kind: 'refused', because: `${name} is fenced here: it runs on the other side` }
        const isIt = tick === null ? job.metadata?.labels?.[label.trial] === service : isOwnedBy(job, object)
        return isIt ? { kind: 'ok', value: 'exists' } : strange(job)
      }),
  }
}

const suspension = (now: () => Millis): Change<CronJob> => ({
  patch: (object) => {
    const already = object.metadata?.annotations?.[annotation.pausedAt]
    const isPaused = object.spec?.suspend === true && already !== undefined
    return {
      body: { spec: { suspend: true } },
      annotations: { [annotation.pausedAt]: isPaused ? already : new Date(now()).toISOString() },
    }
  },
  holds: (object) => object.spec?.suspend === true,
})

const awakening: Change<CronJob> = {
  patch: () => ({ body: { spec: { suspend: false } }, annotations: { [annotation.pausedAt]: null } }),
  holds: (object) => object.spec?.suspend !== true,
}

const instant = (time: string | undefined): Millis | null => {
  const at = Date.parse(time ?? '')
  return Number.isNaN(at) ? null : at
}

/** Which object it is, and which version of what is wanted of it. */
const generationOf = ({ metadata }: CronJob): string => `${metadata?.uid}/${metadata?.generation}`

const tickOrLast = ({ tick }: Run): Millis => tick ?? Number.MAX_SAFE_INTEGER

const createdAtOf = ({ metadata }: CronJob): Millis => instant(metadata?.creationTimestamp) ?? 0
const cursorIn = ({ status }: CronJob): Millis | null => instant(status?.lastScheduleTime)
/** Without one it is the controller manager's, which is UTC wherever it is managed. */
const zoneOf = ({ spec }: CronJob): string => spec?.timeZone ?? 'UTC'

const timetableFor = (cronJob: CronJob): Timetable =>
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

type SeenByWatch = Omit<ScheduleSeen, 'active' | 'stamp' | 'passesSinceChange' | 'now'>

const scheduleSeen = (watched: Watched, hasActive: boolean, now: Millis): SeenByWatch => {
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
    pending: pendingOf(cronJob, newestOf([cursor, newestRun]), { suspended, hasActive, now }),
    fenced: tombstones
      .flatMap((tick) => (tick !== null && tick > (cursor ?? 0) ? [tick] : []))
      .toSorted((a, b) => a - b),
    revision: scheduleRevision(cronJob),
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

/** Resolves once the watch has none of these Jobs any more, or the signal gives up. */
const goneFrom = (
  { cluster, namespace }: KubernetesEnvironment,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> =>
  new Promise((resolve) => {
    const left = new Set(names)
    const until = new AbortController()
    const end = () => {
      until.abort()
      resolve()
    }
    if (left.size === 0) return resolve()
    cluster.watches.of(kinds.jobs, { namespace }).onChange(({ kind, object }) => {
      if (kind === 'removed') left.delete(placeOf(object).name)
      if (left.size === 0) end()
    }, until.signal)
    signal.addEventListener('abort', end, { once: true })
  })
