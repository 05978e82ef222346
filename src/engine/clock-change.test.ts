import { describe, expect, it } from 'vitest'
import { clockChangeNear } from './clock-change.ts'

const hourMs = 3_600_000
/** New York puts its clocks forward at this instant: 02:00 becomes 03:00. */
const spring = Date.UTC(2026, 2, 8, 7, 0, 0)

const seen = <T>(value: T) => ({ kind: 'seen' as const, value })
const found = (words: string) => seen(expect.stringContaining(words))
const listed =
  (...ticks: readonly number[]) =>
  async (from: number, until: number) =>
    seen(ticks.filter((tick) => tick > from && tick <= until))
/** Every full hour. */
const hourly = async (from: number, until: number) => {
  const first = Math.floor(from / hourMs) * hourMs + hourMs
  return seen(first <= until ? [first] : [])
}

describe('a change of clocks near a handoff', () => {
  it('is found for a schedule with ticks at night, within a day', async () => {
    const tick = spring - hourMs / 2
    expect(await clockChangeNear('America/New_York', listed(tick), spring - 20 * hourMs)).toEqual(
      found('GMT-05:00 to GMT-04:00'),
    )
  })

  it('is found long before the night, for a schedule that also has ticks by day', async () => {
    expect(await clockChangeNear('America/New_York', hourly, spring - 20 * hourMs)).toEqual(
      found('between 00 and 03 h'),
    )
    expect(await clockChangeNear('America/New_York', hourly, spring + 20 * hourMs)).toEqual(
      found('between 00 and 03 h'),
    )
  })

  it('is not known where the ticks of one of those hours are not told, and none is in those before', async () => {
    const silent = { kind: 'unreachable', because: 'no answer within 2000 ms' } as const
    const told = async (_from: number, until: number) => (until > spring - hourMs ? silent : seen([]))
    expect(await clockChangeNear('America/New_York', told, spring - 20 * hourMs)).toEqual(silent)
  })

  it('is no matter for ticks by day, for other days and for zones that keep their clocks', async () => {
    const noon = spring + 9 * hourMs
    expect(await clockChangeNear('America/New_York', listed(noon), spring)).toEqual(seen(null))
    expect(await clockChangeNear('America/New_York', hourly, spring - 30 * hourMs)).toEqual(seen(null))
    expect(await clockChangeNear('UTC', hourly, spring)).toEqual(seen(null))
  })
})
