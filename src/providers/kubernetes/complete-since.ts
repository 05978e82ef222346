import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { Run } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { createdAtOf } from './cron-job-timetable.ts'
import type { GoneRuns } from './gone-runs.ts'

/** What the API server fills in. */
const usualLimits = { succeeded: 3, failed: 1 } as const

/**
 * From which tick on it is known of every run that there was one. Since the Jobs are watched nothing escapes; of what was
 * before that, a time to live and the limits of the history have taken away what is older than what they leave.
 */
export const completeSince = (
  cronJob: CronJob,
  runs: readonly Run[],
  { watchedSince, forgottenUntil }: Pick<GoneRuns, 'watchedSince' | 'forgottenUntil'>,
): Millis => {
  const { spec, metadata } = cronJob
  const watched = watchedSince()
  const limits = {
    succeeded: spec?.successfulJobsHistoryLimit ?? usualLimits.succeeded,
    failed: spec?.failedJobsHistoryLimit ?? usualLimits.failed,
  }
  const bounds = (['succeeded', 'failed'] as const).map((result) => {
    if (limits[result] === 0) return watched
    const before = runs.filter((run) => run.result === result && run.tick !== null && run.startedAt < watched)
    return before.length < limits[result] ? 0 : Math.min(...before.map(({ tick }) => tick ?? watched))
  })
  const ttl = spec?.jobTemplate.spec?.ttlSecondsAfterFinished
  const kept = ttl === undefined ? 0 : watched - ttl * 1_000
  const reaches = Math.min(watched, Math.max(createdAtOf(cronJob), kept, ...bounds))
  return Math.max(reaches, (forgottenUntil(metadata?.uid ?? '') ?? 0) + 1)
}
