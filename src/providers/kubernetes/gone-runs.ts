import type { Job } from 'kubernetes-types/batch/v1.js'
import type { Run } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { label } from './annotations.ts'
import { kinds } from './client/kinds.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { runOf } from './job-facts.ts'

/**
 * Runs whose Jobs are gone, as they were last seen: a time to live or a history limit takes them away, perhaps a second
 * after they ended, and with them the only proof that their tick ran.
 */
export type GoneRuns = {
  /** From when on it has seen every Job that there was; begins with the first question. */
  watchedSince(): Millis
  /** What was once a Job of this CronJob, or a trial of its name. */
  of(cronJob: { readonly name: string; readonly uid: string }): readonly Run[]
  /** Up to which tick runs of the CronJob were forgotten again; null: none was. */
  forgottenUntil(uid: string): Millis | null
}

/** Whoever counts runs reads them every few seconds; what is older has been counted, or nobody counts. */
const keptOfEach = 60

export const createGoneRuns = (environment: KubernetesEnvironment): GoneRuns => {
  const { cluster, namespace, side } = environment
  const gone = new Map<string, Run[]>()
  const forgotten = new Map<string, Millis>()
  let since: Millis | null = null

  const keep = (key: string, run: Run): void => {
    const kept = gone.get(key) ?? []
    gone.set(key, kept)
    kept.push(run)
    const [oldest] = kept
    if (kept.length <= keptOfEach || oldest === undefined) return
    kept.shift()
    forgotten.set(key, Math.max(forgotten.get(key) ?? 0, oldest.tick ?? 0))
  }
  const begin = (): Millis => {
    cluster.watches.of(kinds.jobs, { namespace }).onChange(({ kind, object }) => {
      const owner = kind === 'removed' ? ownerOf(object) : null
      if (owner !== null) keep(owner.key, lastSeen(object, runOf(object, owner.cronJob, side, [])))
    }, never)
    return cluster.now()
  }

  return {
    watchedSince: () => {
      since ??= begin()
      return since
    },
    of: ({ name, uid }) => [...(gone.get(uid) ?? []), ...(gone.get(trialsOf(name)) ?? [])],
    forgottenUntil: (uid) => forgotten.get(uid) ?? null,
  }
}

/** It listens for as long as the connection lives. */
const never = new AbortController().signal

const trialsOf = (name: string): string => `trials of ${name}`

const ownerOf = (job: Job): { readonly key: string; readonly cronJob: string } | null => {
  const owner = job.metadata?.ownerReferences?.find((each) => each.kind === 'CronJob')
  if (owner !== undefined) return { key: owner.uid, cronJob: owner.name }
  const trial = job.metadata?.labels?.[label.trial]
  return trial === undefined ? null : { key: trialsOf(trial), cronJob: trial }
}

/** A Job that somebody took away while it ran has failed; one that was lost sight of while it ran may have ended well. */
const lastSeen = (job: Job, run: Run): Run => {
  const takenAt = Date.parse(job.metadata?.deletionTimestamp ?? '')
  return run.result !== 'running' || Number.isNaN(takenAt)
    ? run
    : { ...run, result: 'failed', endedAt: takenAt, exitCode: null }
}
