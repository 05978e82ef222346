import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Answer } from '../../engine/ports.ts'
import { kinds } from './client/kinds.ts'
import { placeOf } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'

/** Makes a Job. `exists`: one of that name is there, and this is it. */
export const makeJob = async (
  { cluster, namespace }: KubernetesEnvironment,
  job: Job,
  signal: AbortSignal,
): Promise<Answer<{ readonly kind: 'made' | 'exists'; readonly job: Job }>> => {
  const jobs = cluster.watches.of(kinds.jobs, { namespace })
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
/** For a Job whose name is a tick's, and that is neither a run of it nor our tombstone. */
export const strangeJob = ({ cluster, namespace }: KubernetesEnvironment, job: Job): Answer<never> => ({
  kind: 'refused',
  because: `Job ${namespace}/${placeOf(job).name} on ${cluster.name} has the name of a tick, and belongs neither to its CronJob nor to us. Delete it, or wait until it is gone.`,
})

/** Resolves once the watch has none of these Jobs any more, or the signal gives up. */
export const jobsAreGone = (
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
