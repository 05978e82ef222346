import { describe, expect, it } from 'vitest'
import { clockChangeNear } from './clock-change.ts'

const hourMs = 3_600_000
/** New York puts its clocks forward at this instant: 02:00 becomes 03:00. */
const spring = Date.UTC(2026, 2, 8, 7, 0, 0)

describe('a change of clocks near a handoff', () => {
  it('is found for a schedule with ticks at night, within a day', () => {
    const tick = spring - hourMs / 2
    expect(clockChangeNear('America/New_York', [tick], spring - 20 * hourMs)).toContain('GMT-05:00 to GMT-04:00')
  })

  it('is no matter for ticks by day, for other days and for zones that keep their clocks', () => {
    const noon = spring + 9 * hourMs
    expect(clockChangeNear('America/New_York', [noon], spring)).toBeNull()
    expect(clockChangeNear('America/New_York', [spring], spring - 30 * hourMs)).toBeNull()
    expect(clockChangeNear('UTC', [spring], spring)).toBeNull()
  })
})
