import { Cron } from 'croner'
import type { Millis } from '../moves/goal.ts'
import { clockChanges, DAY_MS, instantsOf, wallClock } from './zoned-time.ts'

/** When services may move: windows that must be open, and freezes that must not be in force. Names are unique over both. */
export type Calendar = {
  /** A window is open while any of its periods is. */
  readonly windows: Readonly<Record<string, readonly Period[]>>
  readonly freezes: readonly Freeze[]
}

export type Period =
  | {
      readonly kind: 'weekly'
      /** 0 is Monday. The day on which the hours begin. */
      readonly days: readonly number[]
      /** Milliseconds of the wall clock since midnight; `until` ≤ `from` goes on into the next day. */
      readonly hours: readonly { readonly from: Millis; readonly until: Millis }[]
      readonly zone: string
    }
  | { readonly kind: 'cron'; readonly cron: string; readonly forMs: Millis; readonly zone: string }

export type Freeze = {
  readonly name: string
  readonly fromMs: Millis
  /** The first instant after it. */
  readonly untilMs: Millis
  /** null: all services. */
  readonly services: readonly string[] | null
  readonly reason: string | null
}

export type WindowState = {
  /** May services move? For a freeze: it is not in force. */
  readonly open: boolean
  /** When that changes; null: never, or not within the time that is looked ahead. */
  readonly changesAt: Millis | null
}

/** Every window and freeze at one instant, by name. Nothing changes before the earliest `changesAt`: ask again then. */
export const calendarAt = (calendar: Calendar, now: Millis): Readonly<Record<string, WindowState>> => {
  const states: Record<string, WindowState> = {}
  for (const [name, periods] of Object.entries(calendar.windows)) states[name] = windowAt(periods, now)
  for (const freeze of calendar.freezes) states[freeze.name] = freezeAt(freeze, now)
  return states
}

/** Changes of single periods that are looked through for one of the window: they may overlap for a long time. */
const maxChanges = 500

const windowAt = (periods: readonly Period[], now: Millis): WindowState => {
  const openAt = (at: Millis): boolean => periods.some((period) => isOpen(period, at))
  const open = openAt(now)
  let at = now
  for (let count = 0; count < maxChanges; count++) {
    const changes = periods.map((period) => nextChange(period, at)).filter((change) => change !== null)
    if (changes.length === 0) break
    at = Math.min(...changes)
    if (openAt(at) !== open) return { open, changesAt: at }
  }
  return { open, changesAt: null }
}

const freezeAt = ({ fromMs, untilMs }: Freeze, now: Millis): WindowState => {
  if (now < fromMs) return { open: true, changesAt: fromMs }
  return now < untilMs ? { open: false, changesAt: untilMs } : { open: true, changesAt: null }
}

const isOpen = (period: Period, at: Millis): boolean => {
  if (period.kind === 'cron') return lastStart(period, at) !== null
  const wall = wallClock(at, period.zone)
  const day = Math.floor(wall / DAY_MS)
  const time = wall - day * DAY_MS
  const begins = (on: number): boolean => period.days.includes((((on + 3) % 7) + 7) % 7) // 1 January 1970 was a Thursday
  return period.hours.some(({ from, until }) =>
    from < until
      ? begins(day) && from <= time && time < until
      : (begins(day) && from <= time) || (begins(day - 1) && time < until),
  )
}

const nextChange = (period: Period, after: Millis): Millis | null =>
  period.kind === 'cron' ? nextCronChange(period, after) : nextWeeklyChange(period, after)

/** Open or closed can only change at a bound of the wall clock or when clocks are changed, so those are tried in turn. */
const nextWeeklyChange = (period: Period & { readonly kind: 'weekly' }, after: Millis): Millis | null => {
  const open = isOpen(period, after)
  const today = Math.floor(wallClock(after, period.zone) / DAY_MS)
  const bounds = [...new Set(period.hours.flatMap(({ from, until }) => [from, until]))]
  const instants = [...clockChanges(after, after + 8 * DAY_MS, period.zone)]
  for (let day = today - 1; day <= today + 8; day++) {
    for (const bound of bounds) instants.push(...instantsOf(day * DAY_MS + bound, period.zone))
  }
  const later = instants.filter((instant) => instant > after).toSorted((a, b) => a - b)
  return later.find((instant) => isOpen(period, instant) !== open) ?? null
}

const nextCronChange = (period: Period & { readonly kind: 'cron' }, after: Millis): Millis | null => {
  const cron = cronOf(period)
  const last = lastStart(period, after)
  if (last === null) return cron.nextRun(new Date(after))?.getTime() ?? null
  let start: Millis = last
  for (let count = 0; count < maxChanges; count++) {
    const next: Millis | null = cron.nextRun(new Date(start))?.getTime() ?? null
    if (next === null || next > start + period.forMs) return start + period.forMs
    start = next
  }
  return null
}

/** The last start whose time is not over at `at`; null: it is closed. */
const lastStart = (period: Period & { readonly kind: 'cron' }, at: Millis): Millis | null => {
  const cron = cronOf(period)
  const first = cron.nextRun(new Date(at - period.forMs))?.getTime()
  return first !== undefined && first <= at ? first : null
}

const crons = new Map<string, Cron>()

const cronOf = ({ cron, zone }: { readonly cron: string; readonly zone: string }): Cron => {
  const key = `${zone} ${cron}`
  const known = crons.get(key)
  if (known !== undefined) return known
  const made = new Cron(cron, { timezone: zone, mode: '5-or-6-parts', paused: true })
  crons.set(key, made)
  return made
}

/** Why it can't be read as a cron expression of five or six fields; null: it can. */
export const cronFault = (cron: string): string | null => {
  try {
    const next = new Cron(cron, { mode: '5-or-6-parts', paused: true }).nextRun()
    return next === null ? 'it never comes' : null
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
  }
}
