import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Answer } from '../../../engine/ports.ts'
import type { Cluster } from '../client/connect.ts'
import { kinds } from '../client/kinds.ts'
import { describeObject, placeOf } from '../client/resource.ts'
import { makeJob } from '../make-job.ts'
import { podFacts } from '../pod-facts.ts'
import { type ProbeSettings, type ProbeWanted, probeJob } from './probe-job.ts'
import { type ProbeSaid, readProbe } from './probe-script.ts'

/**
 * - `ended`: the pod said what it found. `from`: its own address.
 * - `not checked`: it may not be run there (rights, admission, a quota): nothing is known.
 * - `failed`: it was to run, and came to nothing; why.
 */
export type ProbeEnd =
  | { readonly kind: 'ended'; readonly said: ProbeSaid; readonly from: string | null }
  | { readonly kind: 'not checked'; readonly because: string }
  | { readonly kind: 'failed'; readonly because: string }

/** Runs a probe, or goes on waiting for the one of the same name. Takes a finished one away, unless it found something wrong. */
export const runProbe = async (
  cluster: Cluster,
  settings: ProbeSettings,
  wanted: ProbeWanted,
  signal: AbortSignal,
): Promise<ProbeEnd> => {
  const { namespace, name } = wanted
  const made = await makeJob({ cluster, namespace, side: 'green' }, probeJob(settings, wanted), signal)
  if (made.kind === 'refused') return { kind: 'not checked', because: made.because }
  if (made.kind !== 'ok') return { kind: 'failed', because: made.because }
  const end = await endOf(cluster, made.value.job, signal)
  if (end.kind === 'ended' && end.said.lines.every(({ said }) => said === 'ok')) {
    const remove = { signal: AbortSignal.timeout(removeMs), dependents: 'Background' } as const
    // One that stays is taken away by its time to live.
    await cluster.client.remove(kinds.jobs, { namespace, name }, remove)
  }
  return end
}

const removeMs = 5_000
const lookMs = 1_000

/** Waits for the pod's word, the Job's failure, or the signal. */
const endOf = async (cluster: Cluster, job: Job, signal: AbortSignal): Promise<ProbeEnd> => {
  const { namespace = '' } = placeOf(job)
  const uid = job.metadata?.uid ?? ''
  const [pods, jobs] = [cluster.watches.of(kinds.pods, { namespace }), cluster.watches.of(kinds.jobs, { namespace })]
  const over = new AbortController()
  let wake = Promise.withResolvers<void>()
  const changed = (): void => wake.resolve()
  pods.onChange(changed, over.signal)
  jobs.onChange(changed, over.signal)
  signal.addEventListener('abort', changed, { once: true })
  try {
    for (;;) {
      wake = Promise.withResolvers<void>()
      // After the end one last look, so that it can be said why.
      const looking = signal.aborted ? AbortSignal.timeout(lookMs) : signal
      const known = await Promise.all([pods.ready(looking), jobs.ready(looking)])
      const [ofPods, ofJobs] = known
      const own = ofPods.kind === 'ok' ? ofPods.value.ownedBy(uid) : []
      const said = own.map(saidBy).find((each) => each !== null)
      if (said !== undefined) return said
      if (signal.aborted) return { kind: 'failed', because: whyNot(cluster, job, own, known) }
      const now = ofJobs.kind === 'ok' ? ofJobs.value.get(placeOf(job)) : job
      const condition = now?.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True')
      // Its pod ended without a word, or never began.
      if (condition !== undefined)
        return {
          kind: 'failed',
          because: `${whyNot(cluster, job, own, known)}: ${condition.message ?? condition.reason ?? 'it failed'}`,
        }
      await wake.promise
    }
  } finally {
    over.abort()
    signal.removeEventListener('abort', changed)
  }
}

const whyNot = (cluster: Cluster, job: Job, pods: readonly Pod[], known: readonly Answer<unknown>[]): string => {
  const unknown = known.find(({ kind }) => kind !== 'ok')
  const problem = unknown !== undefined && unknown.kind !== 'ok' ? unknown.because : podFacts(pods).problem
  const what = `${describeObject(kinds.jobs, placeOf(job))} on ${cluster.name} came to no end`
  return problem === null ? what : `${what}: ${problem}`
}

const saidBy = ({ status }: Pod): ProbeEnd | null => {
  const terminated = status?.containerStatuses?.find(({ name }) => name === 'probe')?.state?.terminated
  if (terminated === undefined) return null
  const said = readProbe(terminated.message ?? '')
  if (said.lines.length > 0) return { kind: 'ended', said, from: status?.podIP ?? null }
  const because = `its pod ended with code ${terminated.exitCode} and said nothing: the image needs a shell (sh), and nc or bash`
  return { kind: 'failed', because }
}
