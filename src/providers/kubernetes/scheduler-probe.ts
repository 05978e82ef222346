import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import type { Answer } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { annotation, fieldManager, label } from './annotations.ts'
import { kinds } from './client/kinds.ts'
import { placeOf } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { jobNameOf } from './job-facts.ts'

export const probeName = 'titrate-probe'
const name = probeName
const minute: Millis = 60_000
const day: Millis = 24 * 60 * minute

/** The CronJob by which the controller is seen to have looked. Times are instants of whole minutes. */
export type SchedulerProbe = {
  /** Sets the probe to its next tick, after `lastTick`, still suspended. The answer: that tick. */
  prepare(lastTick: Millis, signal: AbortSignal): Promise<Answer<Millis>>
  /** Lets the controller make the Job of the tick that was prepared, and writes a word of this pass into what it is made from. */
  letGo(pass: string, signal: AbortSignal): Promise<Answer<CronJob>>
  /**
   * Resolves with the Job that bears the word of a pass: its controller has seen what was written with it. One by another
   * engine, or of the same name, proves nothing. null: the signal came first.
   */
  jobOf(pass: string, signal: AbortSignal): Promise<Job | null>
  /** Takes away what a pass left, and sets the next tick. Only once the controller has written down what it did: else it would find the probe changed, and do it again. */
  tidy(tick: Millis, signal: AbortSignal): Promise<void>
}

/**
 * The probe is a CronJob whose Jobs are suspended and have no pods. For each pass its schedule is one minute of the past,
 * the one after the last, so that the controller finds a missed tick as soon as it is let, and makes its Job.
 * The schedule is set beforehand: after a change of it the controller looks at the next tick only, a year away.
 */
export const createSchedulerProbe = ({ cluster, namespace }: KubernetesEnvironment): SchedulerProbe => {
  const place = { namespace, name }
  const cronJobs = cluster.watches.of(kinds.cronJobs, { namespace })

  const patch = async (body: object, signal: AbortSignal, subresource?: 'status'): Promise<Answer<CronJob>> => {
    const write = { signal, urgency: 'urgent', ...(subresource === undefined ? {} : { subresource }) } as const
    const merge = { kind: 'merge', body, manager: fieldManager } as const
    const written = await cluster.client.patch(kinds.cronJobs, place, merge, write)
    if (written.kind === 'ok') cronJobs.note(written.value)
    return written
  }
  const setTick = (tick: Millis, signal: AbortSignal): Promise<Answer<CronJob>> =>
    patch({ spec: { schedule: cronOf(tick), suspend: true } }, signal)
  const found = async (signal: AbortSignal): Promise<Answer<CronJob>> => {
    const reader = await cronJobs.ready(signal)
    if (reader.kind !== 'ok') return reader
    const known = reader.value.get(place)
    if (known !== null) return { kind: 'ok', value: known }
    const made = await cluster.client.create(kinds.cronJobs, probe(namespace), { signal, urgency: 'urgent' })
    return made.kind === 'conflict' ? { kind: 'unknown', because: made.because } : made
  }

  return {
    prepare: async (lastTick, signal) => {
      const made = await found(signal)
      if (made.kind !== 'ok') return made
      const jobs = await cluster.watches.of(kinds.jobs, { namespace }).ready(signal)
      if (jobs.kind !== 'ok') return jobs
      // One that died in the middle has left its Job there.
      const isTaken = (at: Millis) => jobs.value.get({ namespace, name: jobNameOf(name, at) }) !== null
      const { tick, cursor } = nextTick(made.value, lastTick, cluster.now(), isTaken)
      if (cursor !== null) {
        const lastScheduleTime = new Date(cursor).toISOString().replace('.000Z', 'Z')
        const set = await patch({ status: { lastScheduleTime } }, signal, 'status')
        if (set.kind !== 'ok') return set
      }
      const { schedule, suspend } = made.value.spec ?? {}
      if (schedule === cronOf(tick) && suspend === true) return { kind: 'ok', value: tick }
      const set = await setTick(tick, signal)
      return set.kind === 'ok' ? { kind: 'ok', value: tick } : set
    },
    letGo: (pass, signal) => {
      const jobTemplate = { metadata: { annotations: { [annotation.pass]: pass } } }
      return patch({ spec: { suspend: false, jobTemplate } }, signal)
    },
    jobOf: (pass, signal) => jobMade({ cluster, namespace }, pass, signal),
    tidy: async (tick, signal) => {
      await cursorReached({ cluster, namespace }, tick, signal)
      const job = { namespace, name: jobNameOf(name, tick) }
      await Promise.all([
        setTick(tick + minute, signal),
        cluster.client.remove(kinds.jobs, job, { signal, dependents: 'Background' }),
      ])
    },
  }
}

type Where = Pick<KubernetesEnvironment, 'cluster' | 'namespace'>

/** `cursor`: what the probe's own must be set to first. A day of passes, one a minute, is used up, or there was none yet: from the begin of the day again. */
const nextTick = (
  { status }: CronJob,
  lastTick: Millis,
  now: Millis,
  isTaken: (tick: Millis) => boolean,
): { readonly tick: Millis; readonly cursor: Millis | null } => {
  const last = Math.max(lastTick, Date.parse(status?.lastScheduleTime ?? '') || 0)
  const afterThose = (from: Millis): Millis => (isTaken(from) ? afterThose(from + minute) : from)
  const next = afterThose(last + minute)
  if (last > now - 2 * day && next < now - minute) return { tick: next, cursor: null }
  const begin = Math.floor((now - day) / minute) * minute
  return { tick: afterThose(begin + minute), cursor: begin }
}

const jobMade = ({ cluster, namespace }: Where, pass: string, signal: AbortSignal): Promise<Job | null> =>
  new Promise((resolve) => {
    const until = new AbortController()
    const end = (job: Job | null) => {
      until.abort()
      resolve(job)
    }
    cluster.watches.of(kinds.jobs, { namespace }).onChange(({ kind, object }) => {
      if (kind === 'changed' && object.metadata?.annotations?.[annotation.pass] === pass) end(object)
    }, until.signal)
    signal.addEventListener('abort', () => end(null), { once: true })
  })

const cursorReached = async ({ cluster, namespace }: Where, tick: Millis, signal: AbortSignal): Promise<void> => {
  const cronJobs = cluster.watches.of(kinds.cronJobs, { namespace })
  const has = (cronJob: CronJob | null) => Date.parse(cronJob?.status?.lastScheduleTime ?? '') >= tick
  const reader = await cronJobs.ready(signal)
  if (reader.kind !== 'ok' || has(reader.value.get({ namespace, name }))) return
  const until = new AbortController()
  await new Promise<void>((resolve) => {
    cronJobs.onChange(({ object }) => {
      if (placeOf(object).name === name && has(object)) resolve()
    }, until.signal)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  until.abort()
}

/** One minute of the year, in UTC. */
const cronOf = (tick: Millis): string => {
  const at = new Date(tick)
  return `${at.getUTCMinutes()} ${at.getUTCHours()} ${at.getUTCDate()} ${at.getUTCMonth() + 1} *`
}

/** Its pods are never made; they are such that the strictest policies admit them. */
const probe = (namespace: string): CronJob => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { namespace, name, labels: { [label.probe]: 'yes' } },
  spec: {
    schedule: '0 0 1 1 *',
    timeZone: 'Etc/UTC',
    suspend: true,
    concurrencyPolicy: 'Allow',
    jobTemplate: {
      metadata: { labels: { [label.probe]: 'yes' } },
      spec: {
        suspend: true,
        parallelism: 0,
        template: {
          spec: {
            restartPolicy: 'Never',
            automountServiceAccountToken: false,
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'never-run',
                image: 'titrate.invalid/never-run',
                resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '10m', memory: '16Mi' } },
                securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              },
            ],
          },
        },
      },
    },
  },
})
