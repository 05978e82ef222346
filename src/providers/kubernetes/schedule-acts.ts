import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import type { Answer, Call } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { trialNameOf } from '../run-name.ts'
import { isStampOf, stampAfter } from '../stamp.ts'
import { type ActDeps, actOn, type Change, changeObject, type Looked, type Revised } from './act.ts'
import { annotation, fieldManager, label } from './annotations.ts'
import { kinds } from './client/kinds.ts'
import { placeOf } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { isOver, isOwnedBy, isTombstone, jobNameOf, tickJobOf, tickOf, tombstoneOf, trialJobOf } from './job-facts.ts'
import { jobsAreGone, makeJob, strangeJob } from './make-job.ts'
import { scheduleRevision } from './schedule-revision.ts'
import { writtenStamp } from './stamps.ts'

const second: Millis = 1_000

/** How the API writes an instant: whole seconds. */
const written = (at: Millis): string => new Date(Math.floor(at / second) * second).toISOString().replace('.000Z', 'Z')

/** An act on the revision that the caller read. */
export const actOnRevision = <R>(
  deps: ActDeps<CronJob>,
  call: Call,
  service: string,
  work: (looked: Looked<CronJob>) => Promise<Answer<R>>,
): Promise<Answer<R>> => actOn(deps, call, service, async (looked) => looked.conflict ?? work(looked))

export const suspension = (now: () => Millis): Change<CronJob> => ({
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

/** The name of a tick's Job is unique in etcd: whoever makes it has the tick. */
export const fenceTick = (
  deps: ActDeps<CronJob>,
  call: Call,
  service: string,
  tick: Millis,
): Promise<Answer<'fenced' | 'ran'>> =>
  actOnRevision<'fenced' | 'ran'>(deps, call, service, async ({ object }) => {
    const made = await makeJob(deps.environment, tombstoneOf(object, tick), call.signal)
    if (made.kind !== 'ok') return made
    const { job } = made.value
    if (isTombstone(job)) return { kind: 'ok', value: 'fenced' }
    return isOwnedBy(job, object) ? { kind: 'ok', value: 'ran' } : strangeJob(deps.environment, job)
  })

export const unfenceTicks = (
  deps: ActDeps<CronJob>,
  call: Call,
  service: string,
  after: Millis,
): Promise<Answer<{ readonly removed: readonly Millis[] }>> =>
  actOnRevision(deps, call, service, async ({ object }) => {
    const tombstones = await tombstonesAfter(deps.environment, service, after, call.signal)
    if (tombstones.kind !== 'ok') return tombstones
    const jobs = tombstones.value.map(({ job }) => job)
    const gone = jobsAreGone(
      deps.environment,
      jobs.map((job) => placeOf(job).name),
      call.signal,
    )
    for (const job of jobs) {
      const removed = await removeJob(deps.environment, job, call.signal)
      if (removed.kind !== 'ok') return removed
    }
    await gone
    if (jobs.length > 0 && object.spec?.suspend !== true) await nudge(deps, service, call.signal)
    return { kind: 'ok', value: { removed: tombstones.value.map(({ tick }) => tick) } }
  })

/**
 * A controller that found a tick's name taken looks at that schedule again only when it hears of it (1.37), or up to 22 s
 * late (1.36). So it is told, by a word that changes nothing. One that is lost may cost a tick, which the ledger shows.
 */
const nudge = async (deps: ActDeps<CronJob>, service: string, signal: AbortSignal): Promise<void> => {
  const { cluster, namespace } = deps.environment
  const annotations = { [annotation.nudgedAt]: new Date(cluster.now()).toISOString() }
  const body = { metadata: { annotations } }
  const place = { namespace, name: service }
  const patch = { kind: 'merge', body, manager: fieldManager } as const
  const told = await cluster.client.patch(kinds.cronJobs, place, patch, { signal, urgency: 'urgent' })
  if (told.kind === 'ok') cluster.watches.of(kinds.cronJobs, { namespace }).note(told.value)
}

/** Lets a schedule run; where its ticks were fenced before, its controller is told to look. */
export const resumeSchedule = async (deps: ActDeps<CronJob>, call: Call, service: string): Promise<Answer<Revised>> => {
  const resumed = await changeObject(deps, call, service, null, awakening)
  if (resumed.kind !== 'ok') return resumed
  const { cluster, namespace } = deps.environment
  const jobs = await cluster.watches.of(kinds.jobs, { namespace }).ready(call.signal)
  const wasFenced =
    jobs.kind === 'ok' && jobs.value.list({ namespace, labels: { [label.tombstone]: service } }).length > 0
  if (wasFenced) await nudge(deps, service, call.signal)
  return resumed
}

/** As etcd has them: one that another engine made a moment ago must not stay. */
const tombstonesAfter = async (
  { cluster, namespace }: KubernetesEnvironment,
  service: string,
  after: Millis,
  signal: AbortSignal,
): Promise<Answer<readonly { readonly job: Job; readonly tick: Millis }[]>> => {
  const scope = { namespace, labels: `${label.tombstone}=${service}` }
  const list = await cluster.client.list(kinds.jobs, scope, { signal, urgency: 'urgent' })
  if (list.kind !== 'ok') return list
  const found = list.value.items.flatMap((job) => {
    const tick = tickOf(job, service)
    return tick !== null && tick > after ? [{ job, tick }] : []
  })
  return { kind: 'ok', value: found.toSorted((a, b) => a.tick - b.tick) }
}

const removeJob = ({ cluster }: KubernetesEnvironment, job: Job, signal: AbortSignal): Promise<Answer<null>> => {
  const uid = job.metadata?.uid === undefined ? {} : { uid: job.metadata.uid }
  return cluster.client.remove(kinds.jobs, placeOf(job), {
    signal,
    urgency: 'urgent',
    dependents: 'Background',
    ...uid,
  })
}

/** Annotations can't be written with a status, so the stamp goes first, where it isn't there yet. */
export const setCursorTo = (
  deps: ActDeps<CronJob>,
  call: Call,
  service: string,
  cursor: Millis,
): Promise<Answer<Revised>> =>
  actOnRevision<Revised>(deps, call, service, async ({ object, stamp }) => {
    const { cluster, namespace } = deps.environment
    const lastScheduleTime = written(cursor)
    const isOurs = isStampOf(stamp, call)
    if (isOurs && object.status?.lastScheduleTime === lastScheduleTime) return revised(object)
    const write = { signal: call.signal, urgency: 'urgent' } as const
    const patch = (body: object, how: typeof write & { readonly subresource?: 'status' }) =>
      cluster.client.patch(kinds.cronJobs, placeOf(object), { kind: 'merge', body, manager: fieldManager }, how)
    const { resourceVersion } = object.metadata ?? {}
    const annotations = writtenStamp(stampAfter(stamp, call, null))
    const stamped = isOurs
      ? ({ kind: 'ok', value: object } as const)
      : await patch({ metadata: { resourceVersion, annotations } }, write)
    if (stamped.kind !== 'ok') return stamped
    const metadata = { resourceVersion: stamped.value.metadata?.resourceVersion }
    const set = await patch({ metadata, status: { lastScheduleTime } }, { ...write, subresource: 'status' })
    if (set.kind !== 'ok') return set
    cluster.watches.of(kinds.cronJobs, { namespace }).note(set.value)
    return revised(set.value)
  })

const revised = (cronJob: CronJob): Answer<Revised> => ({ kind: 'ok', value: { revision: scheduleRevision(cronJob) } })

/** The run of a missed tick, or, without one, a trial. */
export const runJobNow = (
  deps: ActDeps<CronJob>,
  call: Call,
  service: string,
  tick: Millis | null,
): Promise<Answer<'started' | 'exists'>> =>
  actOnRevision<'started' | 'exists'>(deps, call, service, async ({ object }) => {
    const { cluster, namespace } = deps.environment
    const jobs = await cluster.watches.of(kinds.jobs, { namespace }).ready(call.signal)
    if (jobs.kind !== 'ok') return jobs
    const name = tick === null ? trialNameOf(service, call.intent) : jobNameOf(service, tick)
    const active = jobs.value.ownedBy(object.metadata?.uid ?? '').find((job) => !isOver(job))
    const isNew = jobs.value.get({ namespace, name }) === null
    if (isNew && active !== undefined && object.spec?.concurrencyPolicy !== 'Allow') {
      const because = `${placeOf(active).name} still runs, and ${service} allows one run at a time`
      return { kind: 'conflict', because }
    }
    const wanted = tick === null ? trialJobOf(object, name) : tickJobOf(object, tick)
    const made = await makeJob(deps.environment, wanted, call.signal)
    if (made.kind !== 'ok') return made
    const { job } = made.value
    if (made.value.kind === 'made') return { kind: 'ok', value: 'started' }
    if (isTombstone(job)) return { kind: 'refused', because: `${name} is fenced here: it runs on the other side` }
    const isIt = tick === null ? job.metadata?.labels?.[label.trial] === service : isOwnedBy(job, object)
    return isIt ? { kind: 'ok', value: 'exists' } : strangeJob(deps.environment, job)
  })
