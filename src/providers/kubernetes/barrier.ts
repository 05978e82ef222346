import type { CronJob, Job } from 'kubernetes-types/batch/v1.js'
import type { Answer } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { fieldManager, label } from './annotations.ts'
import { kinds } from './client/kinds.ts'
import { placeOf } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { jobNameOf } from './job-facts.ts'

/** Lets the CronJob controller be seen to have looked. */
export type Barrier = {
  /**
   * Ok: the controller has acted on what was written after this was called, so its cache has all that was written before;
   * and our watch has every Job that it had made until then. All who wait at once share one pass.
   */
  pass(signal: AbortSignal): Promise<Answer<null>>
}

const name = 'titrate-probe'
const minute: Millis = 60_000
const day: Millis = 24 * 60 * minute
/** `over`: what the pass left behind is gone, and the probe is ready for the next. */
type Pass = { readonly answer: Promise<Answer<null>>; readonly over: Promise<void> }

/** A controller that is stopped may come back; then the pass is only late. */
const limitMs: Millis = 120_000
const tidyMs: Millis = 10_000

/**
 * The probe is a CronJob whose Jobs are suspended and have no pods. For each pass its schedule is one minute of the past,
 * the one after the last, so that the controller finds a missed tick as soon as it is let, and makes its Job.
 * The schedule is set beforehand: after a change of it the controller looks at the next tick only, a year away.
 */
export const createBarrier = (environment: KubernetesEnvironment): Barrier => {
  const { cluster, namespace } = environment
  const place = { namespace, name }
  const cronJobs = cluster.watches.of(kinds.cronJobs, { namespace })
  const jobs = cluster.watches.of(kinds.jobs, { namespace })
  let current: Pass | null = null
  let next: Promise<Answer<null>> | null = null
  /** The newest that was used, also when the probe's status doesn't show it yet. */
  let lastTick: Millis = 0

  const patch = async (body: object, signal: AbortSignal, subresource?: 'status'): Promise<Answer<CronJob>> => {
    const write = { signal, urgency: 'urgent', ...(subresource === undefined ? {} : { subresource }) } as const
    const merge = { kind: 'merge', body, manager: fieldManager } as const
    const written = await cluster.client.patch(kinds.cronJobs, place, merge, write)
    if (written.kind === 'ok') cronJobs.note(written.value)
    return written
  }
  const prepare = (tick: Millis, signal: AbortSignal): Promise<Answer<CronJob>> =>
    patch({ spec: { schedule: cronOf(tick), suspend: true } }, signal)

  /** The probe, ready to be let, and the tick of its next Job. */
  const prepared = async (signal: AbortSignal): Promise<Answer<Millis>> => {
    const reader = await cronJobs.ready(signal)
    if (reader.kind !== 'ok') return reader
    const known = reader.value.get(place)
    const made =
      known === null
        ? await cluster.client.create(kinds.cronJobs, probe(namespace), { signal, urgency: 'urgent' })
        : ({ kind: 'ok', value: known } as const)
    if (made.kind !== 'ok') return made.kind === 'conflict' ? { kind: 'unknown', because: made.because } : made
    const now = cluster.now()
    const last = Math.max(lastTick, Date.parse(made.value.status?.lastScheduleTime ?? '') || 0)
    // A day of passes, one a minute, is used up, or there was none yet: from the begin of the day again.
    const isUsable = last > now - 2 * day && last < now - 2 * minute
    const begin = isUsable ? last : Math.floor((now - day) / minute) * minute
    const tick = begin + minute
    if (!isUsable) {
      const lastScheduleTime = new Date(begin).toISOString().replace('.000Z', 'Z')
      const set = await patch({ status: { lastScheduleTime } }, signal, 'status')
      if (set.kind !== 'ok') return set
    }
    const { schedule, suspend } = made.value.spec ?? {}
    if (schedule === cronOf(tick) && suspend === true) return { kind: 'ok', value: tick }
    const set = await prepare(tick, signal)
    return set.kind === 'ok' ? { kind: 'ok', value: tick } : set
  }
  const passOnce = async (): Promise<Answer<null>> => {
    const signal = AbortSignal.timeout(limitMs)
    const reader = await jobs.ready(signal)
    if (reader.kind !== 'ok') return reader
    const tick = await prepared(signal)
    if (tick.kind !== 'ok') return tick
    lastTick = tick.value
    const seen = seenJob(jobNameOf(name, tick.value), signal)
    const allowed = await patch({ spec: { suspend: false } }, signal)
    if (allowed.kind !== 'ok') return allowed
    if ((await seen) !== null) return { kind: 'ok', value: null }
    const because = `the CronJob controller of ${cluster.name} did not look within ${limitMs / 1000} s`
    return { kind: 'unknown', because }
  }
  /** Only once the controller has written down what it did: else it would find the probe changed, and do it again. */
  const tidy = async (tick: Millis): Promise<void> => {
    const signal = AbortSignal.timeout(tidyMs)
    await seenCursor(tick, signal)
    await Promise.all([
      prepare(tick + minute, signal),
      cluster.client.remove(
        kinds.jobs,
        { namespace, name: jobNameOf(name, tick) },
        { signal, dependents: 'Background' },
      ),
    ])
  }
  const seenCursor = async (tick: Millis, signal: AbortSignal): Promise<void> => {
    const has = (cronJob: CronJob | null) => Date.parse(cronJob?.status?.lastScheduleTime ?? '') >= tick
    const reader = await cronJobs.ready(signal)
    if (reader.kind !== 'ok' || has(reader.value.get(place))) return
    const until = new AbortController()
    await new Promise<void>((resolve) => {
      cronJobs.onChange(({ object }) => {
        if (placeOf(object).name === name && has(object)) resolve()
      }, until.signal)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    until.abort()
  }
  const seenJob = (wanted: string, signal: AbortSignal): Promise<Job | null> =>
    new Promise((resolve) => {
      const until = new AbortController()
      const end = (job: Job | null) => {
        until.abort()
        resolve(job)
      }
      jobs.onChange(({ kind, object }) => {
        if (kind === 'changed' && placeOf(object).name === wanted) end(object)
      }, until.signal)
      signal.addEventListener('abort', () => end(null), { once: true })
    })
  const begin = (): Pass => {
    const answer = passOnce()
    const over = answer.then(({ kind }) => (kind === 'ok' ? tidy(lastTick) : undefined)).catch(() => undefined)
    void over.then(() => {
      if (next === null) current = null
    })
    return { answer, over }
  }
  const startNow = (): Promise<Answer<null>> => {
    next = null
    current = begin()
    return current.answer
  }

  return {
    pass: (signal) => {
      // One that is under way may have begun before what the caller wrote.
      if (current !== null) next ??= current.over.then(startNow)
      return Promise.race([next ?? startNow(), givenUp(signal)])
    },
  }
}

const givenUp = (signal: AbortSignal): Promise<Answer<never>> =>
  new Promise((resolve) => {
    const because = 'the scheduler was not seen to look within the time there was'
    const end = () => resolve({ kind: 'unknown', because })
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })

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
