import { describe, expect, it } from 'vitest'
import { createServerClock } from './server-clock.ts'

describe("an API server's clock", () => {
  it('is told from many dates of whole seconds to a few milliseconds, and anew after it was set', () => {
    let local = 1_700_000_000_000
    const clock = createServerClock(() => local)
    expect(clock.now()).toBe(local)
    const ask = (ahead: number) => {
      local += 137
      const date = new Date(Math.floor((local + ahead) / 1_000) * 1_000).toUTCString()
      clock.heard(date, local - 4, local + 4)
    }
    for (let count = 0; count < 100; count++) ask(3_250)
    expect(Math.abs(clock.now() - local - 3_250)).toBeLessThan(150)
    for (let count = 0; count < 100; count++) ask(-60_000)
    expect(Math.abs(clock.now() - local + 60_000)).toBeLessThan(150)
    clock.heard('no date', local, local)
    expect(Math.abs(clock.now() - local + 60_000)).toBeLessThan(150)
  })
})
