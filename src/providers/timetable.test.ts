import { describe, expect, it } from 'vitest'
import { timetableOf } from './timetable.ts'

describe('a schedule in UTC', () => {
  it('is due at the same times by each name of the zone', () => {
    const from = Date.UTC(2026, 2, 29)
    const ticks = (zone: string) => {
      const { next } = timetableOf('30 1,2 * * *', zone, 0)
      const first = next(from) ?? 0
      return [first, next(first)]
    }
    const wanted = [Date.UTC(2026, 2, 29, 1, 30), Date.UTC(2026, 2, 29, 2, 30)]
    for (const zone of ['UTC', 'Etc/UTC', 'GMT', 'Etc/Zulu']) expect(ticks(zone)).toEqual(wanted)
    expect(ticks('Europe/London')).not.toEqual(wanted)
  })
})
