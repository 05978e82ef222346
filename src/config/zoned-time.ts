import type { Millis } from '../moves/goal.ts'

export const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a format costs a hundred times what using it does. */
const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    era: 'short',
  })
  formats.set(zone, format)
  return format
}

export const isZone = (zone: string): boolean => {
  try {
    formatOf(zone)
    return true
  } catch {
    return false
  }
}

/** What the zone's wall clock shows, counted as if it were UTC. */
export const wallClock = (instant: Millis, zone: string): Millis => {
  const part: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(instant)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((instant % 1000) + 1000) % 1000)
}

const offsetAt = (instant: Millis, zone: string): Millis => wallClock(instant, zone) - instant

/**
 * When the wall clock shows this: once; twice, when clocks are put back; where they are put forward over it, never,
 * and then the answer is the instant that is as far behind the change as the wall clock asks for.
 */
export const instantsOf = (wall: Millis, zone: string): readonly Millis[] => {
  const before = offsetAt(wall - DAY_MS, zone)
  const after = offsetAt(wall + DAY_MS, zone)
  const found = [...new Set([wall - before, wall - after])].filter((instant) => wallClock(instant, zone) === wall)
  return found.length > 0 ? found.toSorted((a, b) => a - b) : [wall - before]
}

/** The instants at which the zone's clocks are changed, after `from` and up to `until`, to the second. */
export const clockChanges = (from: Millis, until: Millis, zone: string): readonly Millis[] => {
  const changes: Millis[] = []
  for (let start = from; start < until; start += 12 * HOUR_MS) {
    const end = Math.min(start + 12 * HOUR_MS, until)
    if (offsetAt(start, zone) !== offsetAt(end, zone)) changes.push(changeBetween(start, end, zone))
  }
  return changes
}

const changeBetween = (start: Millis, end: Millis, zone: string): Millis => {
  const before = offsetAt(start, zone)
  let low = start
  let high = end
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle, zone) === before) low = middle
    else high = middle
  }
  return Math.floor(high / 1000) * 1000
}

/**
 * `2026-11-26` (its start; with `end`, its end), `2026-11-26T08:00`, `…:30`, or with `Z` or `+01:00` at the end, which
 * then counts instead of the zone. null: not a date.
 */
export const parseInstant = (text: string, zone: string, end: boolean): Millis | null => {
  const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d)?)?$/.exec(text)
  if (found === null) return null
  const [, date = '', time, seconds = '00', offset] = found
  const wall = Date.parse(`${date}T${time ?? '00:00'}:${seconds}Z`)
  // JavaScript reads 30 February as 2 March.
  if (Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(date)) return null
  if (offset !== undefined) return Date.parse(`${date}T${time}:${seconds}${offset}`) || null
  return instantsOf(time === undefined && end ? wall + DAY_MS : wall, zone)[0] ?? null
}
