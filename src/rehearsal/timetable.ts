import type { Millis } from '../moves/goal.ts'

/** When a schedule is due, and how its environment writes that. */
export type Timetable = {
  readonly cron: string
  readonly zone: string
  /** The first tick after an instant; null: never again. */
  readonly next: (after: Millis) => Millis | null
  /** The ticks after `from` up to and including `until`, ascending. */
  readonly between: (from: Millis, until: Millis) => readonly Millis[]
}

/** Every so many milliseconds, counted from the beginning of time. */
export const every = (periodMs: Millis): Timetable => ({
  cron: `@every ${periodMs / 1_000}s`,
  zone: 'UTC',
  next: (after) => (Math.floor(after / periodMs) + 1) * periodMs,
  between: (from, until) => {
    const first = (Math.floor(from / periodMs) + 1) * periodMs
    return first > until
      ? []
      : Array.from({ length: Math.floor((until - first) / periodMs) + 1 }, (_, n) => first + n * periodMs)
  },
})

/** By a calendar that tells the next tick after an instant: a real cron with a real zone. */
export const byCalendar = (
  cron: string,
  zone: string,
  next: (after: Millis) => Millis | null,
  most = 2_000,
): Timetable => ({
  cron,
  zone,
  next,
  between: (from, until) => {
    const ticks: Millis[] = []
    for (let tick = next(from); tick !== null && tick <= until && ticks.length < most; tick = next(tick))
      ticks.push(tick)
    return ticks
  },
})
