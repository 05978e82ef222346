import type { Millis } from '../moves/goal.ts'
import type { Reached } from '../protocols/reached.ts'

/** The ticks of a span of time, after its first instant; or that the side doesn't tell them now. */
export type TicksIn = (from: Millis, until: Millis) => Promise<Reached<readonly Millis[]>>

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Hours of the local day in which clocks are changed: ticks in them are skipped or run twice that day. */
const ambiguousHours = 3

/** To make one takes as long as a hundred handoffs' reads; there are few zones. */
const formats = new Map<string, Intl.DateTimeFormat>()

const localParts = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone) ?? newFormat(zone)
  formats.set(zone, known)
  return known
}

const newFormat = (zone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', hour: '2-digit', timeZoneName: 'longOffset' })

const read = (format: Intl.DateTimeFormat, at: Millis): { readonly hour: number; readonly offset: string } => {
  const parts = format.formatToParts(at)
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  return { hour: Number(of('hour')), offset: of('timeZoneName') }
}

/**
 * Why a handoff today would be ambiguous: the zone's clocks change within a day of now, and the schedule has ticks
 * between 00 and 03 h. null: it isn't. Where the side doesn't tell its ticks, that is the answer.
 */
export const clockChangeNear = async (zone: string, ticksIn: TicksIn, now: Millis): Promise<Reached<string | null>> => {
  const format = localParts(zone)
  const [before, after] = [read(format, now - dayMs), read(format, now + dayMs)]
  if (before.offset === after.offset) return { kind: 'seen', value: null }
  const atNight = await hasTicksAtNight(format, ticksIn, now)
  if (atNight.kind !== 'seen') return atNight
  if (!atNight.value) return { kind: 'seen', value: null }
  const value =
    `the clocks of ${zone} change from ${before.offset} to ${after.offset} within a day, and the schedule has ticks ` +
    `between 00 and 0${ambiguousHours} h; hand it over when the change is more than a day away`
  return { kind: 'seen', value }
}

/** Only the hours in question are asked for: a schedule of seconds has more ticks in two days than anybody lists. */
const hasTicksAtNight = async (
  format: Intl.DateTimeFormat,
  ticksIn: TicksIn,
  now: Millis,
): Promise<Reached<boolean>> => {
  const quarterMs = hourMs / 4
  const first = Math.floor((now - dayMs) / quarterMs) * quarterMs
  for (let from = first; from <= now + dayMs; from += quarterMs) {
    // Zones are whole quarters of an hour away from each other. `ticksIn` leaves out its first instant.
    if (read(format, from).hour >= ambiguousHours) continue
    const ticks = await ticksIn(from - 1, from + quarterMs - 1)
    if (ticks.kind !== 'seen') return ticks
    if (ticks.value.length > 0) return { kind: 'seen', value: true }
  }
  return { kind: 'seen', value: false }
}
