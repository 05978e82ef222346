import type { CronJob } from 'kubernetes-types/batch/v1.js'
import { revisionOf } from './stamps.ts'

/** The cursor is part of what a handoff decides on, so that one that moved is a conflict. */
export const scheduleRevision = (cronJob: CronJob): string =>
  revisionOf(cronJob, cronJob.status?.lastScheduleTime ?? '')
