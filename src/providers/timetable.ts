import { Cron } from 'croner'
import { parseDuration } from '../config/duration.ts'
import type { Millis } from '../moves/goal.ts'

/** When a schedule is due. Ticks are whole seconds. */
export type Timetable = {
  /** The first tick after an instant; null: never again. */
  next(after: Millis): Millis | null
}

const second: Millis = 1_000

export const cronExpected = 'five or six cron fields such as "*/5 * * * *", a nickname such as @daily, or "@every 30s"'

/** Why a schedule can't be read; null: it can. A schedule that is never due counts as unreadable. */
export const faultOfCron = (cron: string): string | null => {
  try {
    return timetableOf(cron, 'UTC', 0).next(0) === null ? 'it is never due' : null
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
  }
}

export const isZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/**
 * Reads a schedule. `anchor` gives `@every` its phase: the cursor, or the time of creation when there is none, as in Kubernetes.
 * Daylight saving is croner's: a fixed time in a spring gap runs right after it, in a repeated autumn hour once;
 * what runs by intervals skips the gap, and runs in both hours. Throws for what `faultOfCron` faults.
 */
export const timetableOf = (cron: string, zone: string, anchor: Millis): Timetable => {
  const every = /^@every\s+(\S+)$/.exec(cron.trim())
  return every ? periodic(parseDuration(every[1] ?? ''), anchor) : calendar(cron, zone)
}

const periodic = (periodMs: Millis | null, anchor: Millis): Timetable => {
  if (periodMs === null || periodMs < second || periodMs % second !== 0) {
    throw new RangeError('@every takes whole seconds, at least 1s')
  }
  const phase = Math.floor(anchor / second) * second
  return { next: (after) => phase + (Math.floor((after - phase) / periodMs) + 1) * periodMs }
}

/** By all its names: most schedules of clusters say Etc/UTC. */
const isUtc = (zone: string): boolean => /^(?:Etc\/)?(?:UTC|UCT|GMT|Zulu|Universal|Greenwich)$/i.test(zone)

// Croner reads a pattern anew each time, which costs more than the answer; estates have few distinct ones.
const read = new Map<string, Cron>()
const readAtMost = 2_000

const calendar = (cron: string, zone: string): Timetable => {
  const key = `${zone} ${cron}`
  let job = read.get(key)
  if (job === undefined) {
    // Without a zone's calendar, which takes milliseconds to set up, where there is nothing to look up in it.
    const where = isUtc(zone) ? { utcOffset: 0 } : { timezone: zone }
    job = new Cron(cron, { ...where, paused: true, mode: '5-or-6-parts' })
    if (read.size >= readAtMost) read.clear()
    read.set(key, job)
  }
  const known = job
  return { next: (after) => known.nextRun(new Date(after))?.getTime() ?? null }
}

/** The ticks after `from` up to and including `until`, ascending; at most `limit` of them. */
export const ticksBetween = (timetable: Timetable, from: Millis, until: Millis, limit: number): Millis[] => {
  const ticks: Millis[] = []
  for (let tick = timetable.next(from); tick !== null && tick <= until && ticks.length < limit; ) {
    ticks.push(tick)
    tick = timetable.next(tick)
  }
  return ticks
}
