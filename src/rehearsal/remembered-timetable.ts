import type { Millis } from '../moves/goal.ts'
import type { Timetable } from './timetable.ts'

/** Index of the first tick after an instant. */
const firstAfter = (ticks: readonly Millis[], instant: Millis): number => {
  let [low, high] = [0, ticks.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ticks[middle] ?? 0) > instant) high = middle
    else low = middle + 1
  }
  return low
}

/** A calendar whose ticks are kept as they are read: each play asks for the same ones, and very often. */
export const rememberedTimetable = (cron: string, zone: string, next: (after: Millis) => Millis | null): Timetable => {
  const ticks: Millis[] = []
  let from: Millis | null = null
  let isOver = false

  /** Makes sure that every tick after `after` up to the first one after `until` is known. */
  const know = (after: Millis, until: Millis): void => {
    if (from === null || after < from) {
      // Earlier than anything before: read anew from there.
      ticks.length = 0
      from = after
      isOver = false
    }
    while (!isOver && (ticks.at(-1) ?? Number.NEGATIVE_INFINITY) <= until) {
      const tick = next(ticks.at(-1) ?? from)
      if (tick === null) isOver = true
      else ticks.push(tick)
    }
  }
  return {
    cron,
    zone,
    next: (after) => {
      know(after, after)
      return ticks[firstAfter(ticks, after)] ?? null
    },
    between: (after, until) => {
      know(after, until)
      return ticks.slice(firstAfter(ticks, after), firstAfter(ticks, until))
    },
  }
}
