import { byText } from '../inventory/ordering.ts'
import type { Millis } from '../moves/goal.ts'
import { canonicalCron } from '../parity/schedule-text.ts'

const minuteMs = 60_000
const dayMinutes = 1_440
const days = 31

/** A cron expression of five fields by its minutes of a day, and the days on which it is due. */
type Minutes = { readonly minutes: readonly number[]; readonly isDue: (day: Date) => boolean; readonly daily: boolean }

const valuesOf = (field: string, from: number, to: number): readonly number[] | null => {
  if (field === '*') return Array.from({ length: to - from + 1 }, (_, index) => from + index)
  return /^\d+(,\d+)*$/.test(field) ? field.split(',').map(Number) : null
}

/** null: it is no plain expression (`@every`, `L`, `#`), so its minutes can't be told. */
const readMinutes = (cron: string): Minutes | null => {
  const [, minute = '', hour = '', dayOfMonth = '', month = '', weekday = ''] = canonicalCron(cron).split(' ')
  const minutesOfHour = valuesOf(minute, 0, 59)
  const hours = valuesOf(hour, 0, 23)
  const [onDays, inMonths, onWeekdays] = [valuesOf(dayOfMonth, 1, 31), valuesOf(month, 1, 12), valuesOf(weekday, 0, 6)]
  if (!minutesOfHour || !hours || !onDays || !inMonths || !onWeekdays) return null
  const either = dayOfMonth !== '*' && weekday !== '*'
  return {
    minutes: hours.flatMap((each) => minutesOfHour.map((one) => each * 60 + one)),
    daily: dayOfMonth === '*' && month === '*' && weekday === '*',
    isDue: (day) => {
      const [inMonth, ofWeek] = [onDays.includes(day.getUTCDate()), onWeekdays.includes(day.getUTCDay())]
      return inMonths.includes(day.getUTCMonth() + 1) && (either ? inMonth || ofWeek : inMonth && ofWeek)
    },
  }
}

/** The shortest time between two ticks, in minutes; null: it can't be told. */
export const shortestGapMinutes = (cron: string): number | null => {
  const [, hours, minutes, seconds] = /^@every (?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/i.exec(cron.trim()) ?? []
  if (hours ?? minutes ?? seconds) return Number(hours ?? 0) * 60 + Number(minutes ?? 0) + Number(seconds ?? 0) / 60
  const read = readMinutes(cron)
  if (read === null || read.minutes.length === 0) return null
  const { minutes: due, daily } = read
  const within = due.slice(1).map((one, index) => one - (due[index] ?? 0))
  const overnight = daily ? [(due[0] ?? 0) + dayMinutes - (due.at(-1) ?? 0)] : [dayMinutes]
  return Math.min(...within, ...overnight)
}

type Schedule = { readonly name: string; readonly cron: string; readonly zone: string }

/** The minute of the next 31 days in which most schedules are due; null: none of them can be read. */
export const busiestMinute = (
  schedules: readonly Schedule[],
  now: Millis,
): { readonly at: Millis; readonly count: number; readonly names: readonly string[] } | null => {
  const start = Math.floor(now / (dayMinutes * minuteMs)) * dayMinutes * minuteMs
  const groups = [...Map.groupBy(schedules, ({ cron, zone }) => `${canonicalCron(cron)} ${zone}`).values()]
  const due = new Uint32Array(days * dayMinutes)
  for (const group of groups) for (const slot of slotsOf(group[0], start)) due[slot] = (due[slot] ?? 0) + group.length
  let most = 0
  for (const [slot, count] of due.entries()) if (count > (due[most] ?? 0)) most = slot
  const count = due[most] ?? 0
  if (count === 0) return null
  const here = groups.filter((group) => slotsOf(group[0], start).has(most))
  return {
    at: start + most * minuteMs,
    count,
    names: here
      .flat()
      .map(({ name }) => name)
      .sort(byText),
  }
}

const slotsOf = (schedule: Schedule | undefined, start: Millis): ReadonlySet<number> => {
  const slots = new Set<number>()
  const read = schedule === undefined ? null : readMinutes(schedule.cron)
  if (schedule === undefined || read === null) return slots
  // One day more on both sides: a zone's day begins and ends at other minutes.
  for (let day = -1; day <= days; day++) {
    const midnight = start + day * dayMinutes * minuteMs
    if (!read.isDue(new Date(midnight))) continue
    const behind = offsetMinutes(schedule.zone, midnight)
    for (const minute of read.minutes) {
      const slot = day * dayMinutes + minute - behind
      if (slot >= 0 && slot < days * dayMinutes) slots.add(slot)
    }
  }
  return slots
}

const offsets = new Map<string, number>()

/** How far the zone's clock is ahead of UTC on a day; 0 for a zone that isn't known. */
const offsetMinutes = (zone: string, at: Millis): number => {
  if (zone === 'UTC') return 0
  const key = `${zone} ${at}`
  const known = offsets.get(key)
  if (known !== undefined) return known
  const offset = readOffset(zone, at)
  offsets.set(key, offset)
  return offset
}

const readOffset = (zone: string, at: Millis): number => {
  try {
    const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(at)
    const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
    const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})/.exec(text) ?? []
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0))
  } catch {
    return 0
  }
}
