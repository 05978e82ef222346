import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Run } from '../../engine/ports.ts'
import type { Millis, Side } from '../../moves/goal.ts'
import { runNameOf } from '../run-name.ts'
import { label } from './annotations.ts'
import { placeOf } from './client/resource.ts'
import { instant } from './instant.ts'

const minute: Millis = 60_000
const scheduledAt = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

/** The name that the CronJob controller gives to the Job of a tick: that is what makes a tombstone a compare-and-swap. */
export const jobNameOf = (cronJob: string, tick: Millis): string => `${cronJob}-${Math.floor(tick / minute)}`

/** The tick in the name of a Job of that CronJob; null: it is not named for a tick. */
export const tickInName = (name: string, cronJob: string): Millis | null => {
  const rest = name.startsWith(`${cronJob}-`) ? name.slice(cronJob.length + 1) : ''
  return /^\d{7,9}$/.test(rest) ? Number(rest) * minute : null
}

export const tickOf = (job: Job, cronJob: string): Millis | null => {
  const written = Date.parse(job.metadata?.annotations?.[scheduledAt] ?? '')
  return Number.isNaN(written) ? tickInName(placeOf(job).name, cronJob) : written
}

export const isTombstone = (job: Job): boolean => job.metadata?.labels?.[label.tombstone] !== undefined

export const isOwnedBy = (job: Job, cronJob: CronJob): boolean =>
  job.metadata?.ownerReferences?.some((each) => each.kind === 'CronJob' && each.uid === cronJob.metadata?.uid) ?? false

const conditionOf = (job: Job, type: string) =>
  job.status?.conditions?.find((each) => each.type === type && each.status === 'True')

export const isOver = (job: Job): boolean =>
  conditionOf(job, 'Complete') !== undefined || conditionOf(job, 'Failed') !== undefined

/** A Job as a run. `pods`: its own. A trial has no tick, and keeps its name. */
export const runOf = (job: Job, cronJob: string, side: Side, pods: readonly Pod[]): Run => {
  const name = placeOf(job).name
  const isTrial = job.metadata?.labels?.[label.trial] !== undefined
  const tick = isTrial ? null : tickOf(job, cronJob)
  const failed = conditionOf(job, 'Failed')
  const complete = conditionOf(job, 'Complete')
  const result = failed !== undefined ? 'failed' : complete !== undefined ? 'succeeded' : 'running'
  return {
    name: tick === null ? name : runNameOf(cronJob, tick),
    service: cronJob,
    side,
    tick,
    startedAt: instant(job.status?.startTime) ?? instant(job.metadata?.creationTimestamp) ?? 0,
    endedAt: instant(job.status?.completionTime) ?? instant((failed ?? complete)?.lastTransitionTime),
    result,
    exitCode: result === 'running' ? null : exitCodeOf(result, pods),
  }
}

/** Of the pod that failed last; null: its pods are gone. */
const exitCodeOf = (result: 'succeeded' | 'failed', pods: readonly Pod[]): number | null => {
  if (result === 'succeeded') return 0
  const ended = pods
    .flatMap((pod) =>
      (pod.status?.containerStatuses ?? []).map((each) => each.state?.terminated ?? each.lastState?.terminated),
    )
    .filter((each) => each !== undefined && each.exitCode !== 0)
    .toSorted((a, b) => String(a?.finishedAt).localeCompare(String(b?.finishedAt)))
  return ended.at(-1)?.exitCode ?? null
}

type Template = NonNullable<CronJob['spec']>['jobTemplate']

const fromTemplate = (
  cronJob: CronJob,
  name: string,
  labels: Record<string, string>,
  annotations: Record<string, string>,
): Job => {
  const template: Template | undefined = cronJob.spec?.jobTemplate
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: placeOf(cronJob).namespace ?? '',
      labels: { ...template?.metadata?.labels, ...labels },
      annotations: { ...template?.metadata?.annotations, ...annotations },
    },
    // A CronJob has a template with a spec.
    spec: template?.spec as NonNullable<Job['spec']>,
  }
}

/** Names leave the seconds out, which ticks of `@every` have. */
const scheduledFor = (tick: Millis) => ({ [scheduledAt]: new Date(tick).toISOString().replace('.000Z', 'Z') })

/** Takes the name of a tick, so that nobody can run it here. From the CronJob's own template, so that admission passes. */
export const tombstoneOf = (cronJob: CronJob, tick: Millis): Job => {
  const { name } = placeOf(cronJob)
  const job = untracked(fromTemplate(cronJob, jobNameOf(name, tick), { [label.tombstone]: name }, scheduledFor(tick)))
  const { ttlSecondsAfterFinished: _, activeDeadlineSeconds: _deadline, ...spec } = job.spec ?? { template: {} }
  return { ...job, spec: { ...spec, suspend: true, parallelism: 0 } }
}

/** The Job of one tick, as the controller would have made it. */
export const tickJobOf = (cronJob: CronJob, tick: Millis): Job => {
  const { name } = placeOf(cronJob)
  const job = fromTemplate(cronJob, jobNameOf(name, tick), {}, scheduledFor(tick))
  const owner = {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    name,
    uid: cronJob.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
  return { ...job, metadata: { ...job.metadata, ownerReferences: [owner] } }
}

/** A run outside the schedule. The CronJob doesn't own it: its history and its `Forbid` know nothing of it. */
export const trialJobOf = (cronJob: CronJob, name: string): Job =>
  untracked(fromTemplate(cronJob, name, { [label.trial]: placeOf(cronJob).name }, {}))

/** Labels and annotations by which Argo CD takes an object for its own; it prunes those that are not in Git. */
const ofArgoCd = /^(app\.kubernetes\.io\/instance|argocd\.argoproj\.io\/.*)$/

/** For Jobs that nobody owns. Pods keep what they had: policies may select by it. */
const untracked = (job: Job): Job => {
  const kept = (entries: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(entries).filter(([key]) => !ofArgoCd.test(key)))
  const { labels, annotations } = job.metadata ?? {}
  return { ...job, metadata: { ...job.metadata, labels: kept(labels), annotations: kept(annotations) } }
}
