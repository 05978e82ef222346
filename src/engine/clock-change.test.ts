import { describe, expect, it } from 'vitest'
import { clockChangeNear } from './clock-change.ts'

const hourMs = 3_600_000
/** New York puts its clocks forward at this instant: 02:00 becomes 03:00. */
const spring = Date.UTC(2026, 2, 8, 7, 0, 0)

const listed =
  (...ticks: readonly number[]) =>
  async (from: number, until: number) =>
    ticks.filter((tick) => tick > from && tick <= until)
/** Every full hour. */
const hourly = async (from: number, until: number) => {
  const first = Math.floor(from / hourMs) * hourMs + hourMs
  return first <= until ? [first] : []
}

describe('a change of clocks near a handoff', () => {
  it('is found for a schedule with ticks at night, within a day', async () => {
    const tick = spring - hourMs / 2
    expect(await clockChangeNear('America/New_York', listed(tick), spring - 20 * hourMs)).toContain(
      'GMT-05:00 to GMT-04:00',
    )
  })

  it('is found long before the night, for a schedule that also has ticks by day', async () => {
    expect(await clockChangeNear('America/New_York', hourly, spring - 20 * hourMs)).toContain('between 00 and 03 h')
    expect(await clockChangeNear('America/New_York', hourly, spring + 20 * hourMs)).toContain('between 00 and 03 h')
  })

  it('is no matter for ticks by day, for other days and for zones that keep their clocks', async () => {
    const noon = spring + 9 * hourMs
    expect(await clockChangeNear('America/New_York', listed(noon), spring)).toBeNull()
    expect(await clockChangeNear('America/New_York', hourly, spring - 30 * hourMs)).toBeNull()
    expect(await clockChangeNear('UTC', hourly, spring)).toBeNull()
  })
})
