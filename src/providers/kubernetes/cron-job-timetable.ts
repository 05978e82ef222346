import type { CronJob } from 'kubernetes-types/batch/v1.js'
import { parseDuration } from '../../config/duration.ts'
import type { Millis } from '../../moves/goal.ts'
import { faultOfCron, isZone, type Timetable, timetableOf } from '../timetable.ts'
import { instant } from './instant.ts'

const second: Millis = 1_000
const minute: Millis = 60 * second

export const createdAtOf = ({ metadata }: CronJob): Millis => instant(metadata?.creationTimestamp) ?? 0
export const cursorIn = ({ status }: CronJob): Millis | null => instant(status?.lastScheduleTime)

const scheduleOf = ({ spec }: CronJob): string => spec?.schedule ?? ''

/** What a text comes to, looked up once: calendars take milliseconds to set up, and estates have few distinct texts. */
const remembered = <T>(find: (text: string) => T): ((text: string) => T) => {
  const known = new Map<string, T>()
  return (text) => {
    if (known.size > 2_000) known.clear()
    const found = known.has(text) ? (known.get(text) as T) : find(text) // it has what it was given
    known.set(text, found)
    return found
  }
}
const faultIn = remembered(faultOfCron)
const isKnownZone = remembered(isZone)

/** Without a zone of its own it is the controller manager's, which is UTC wherever it is managed; see `unsureOf`. */
export const zoneOf = ({ spec }: CronJob): string =>
  spec?.timeZone !== undefined && isKnownZone(spec.timeZone) ? spec.timeZone : 'UTC'

/** `phase`: from where `@every` counts; left out: from the cursor, or the creation. null: the schedule can't be read. */
export const timetableFor = (cronJob: CronJob, phase?: Millis): Timetable | null =>
  faultIn(scheduleOf(cronJob)) === null
    ? timetableOf(scheduleOf(cronJob), zoneOf(cronJob), phase ?? cursorIn(cronJob) ?? createdAtOf(cronJob))
    : null

const periodOf = (cronJob: CronJob): Millis | null => {
  const every = /^@every\s+(\S+)$/.exec(scheduleOf(cronJob).trim())
  return every === null ? null : parseDuration(every[1] ?? '')
}

/**
 * The tick whose Job has a name of that minute. Ticks of `@every` keep the seconds of its phase, which names leave out.
 */
export const tickInMinute = (cronJob: CronJob, from: Millis): Millis => {
  if (periodOf(cronJob) === null) return from
  const tick = timetableFor(cronJob)?.next(from - 1) ?? null
  return tick === null || tick >= from + minute ? from : tick
}

/** Why the ticks can't be told for sure; null: they can. `newestRun`: the newest tick that its controller made a Job of. */
export const unsureOf = (cronJob: CronJob, newestRun: Millis | null): string | null => {
  const schedule = scheduleOf(cronJob)
  const fault = faultIn(schedule)
  if (fault !== null) return `its schedule "${schedule}" can't be read: ${fault}`
  const zone = cronJob.spec?.timeZone
  if (zone !== undefined && !isKnownZone(zone)) return `its time zone "${zone}" is not known here`
  const period = periodOf(cronJob)
  if (period !== null) return unsureOfPeriod(cronJob, period)
  return zone === undefined ? unsureOfZone(cronJob, newestRun) : null
}

const unsureOfPeriod = (cronJob: CronJob, period: Millis): string | null => {
  const schedule = scheduleOf(cronJob)
  if (period < minute)
    return `Kubernetes names Jobs by the minute, so "${schedule}" does not run every time; make it a minute or more`
  const deadline = cronJob.spec?.startingDeadlineSeconds
  return deadline === undefined || deadline * second >= period
    ? null
    : `"${schedule}" never runs with a starting deadline of ${deadline} s; make that as long as the period, or take it off`
}

const unsureOfZone = (cronJob: CronJob, newestRun: Millis | null): string | null => {
  if (newestRun === null || timetableFor(cronJob)?.next(newestRun - 1) === newestRun) return null
  const at = new Date(newestRun).toISOString()
  return `it has no spec.timeZone, and its run of ${at} is none of "${scheduleOf(cronJob)}" in UTC, so its controller manager has another zone (or it was edited since); write spec.timeZone, the same on both sides`
}
