import { rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createEstate, type Estate, isGate, killNow, startUsers, waitsForRelease } from './estate.ts'

/** With everything but a part of the users on green, and no engine. */
const left = async (): Promise<Estate> => {
  const estate = createEstate(waitsForRelease)
  try {
    await estate.up()
    const users = startUsers(estate.url())
    const run = estate.start('run', '--yes', '-o', 'json')
    await run.until(isGate)
    run.kill('SIGKILL')
    await run.ended
    await users.stop()
    return estate
  } catch (error) {
    await estate.close()
    throw error
  }
}

const runsOn = (estate: Estate, side: string): number => estate.runs().filter((one) => one.side === side).length

describe('rollback without an engine', () => {
  it('is the engine itself: everything is back on blue, and each tick ran once', async () => {
    const estate = await left()
    try {
      const back = await estate.titrate('rollback', '--yes', '--because', 'a test')
      expect(back).toMatchObject({ code: 0 })
      expect(back.err).toContain('this command is the engine')
      expect(await estate.weight()).toBe(0)
      const before = runsOn(estate, 'blue')
      await expect.poll(() => runsOn(estate, 'blue'), { timeout: 20_000 }).toBeGreaterThan(before)
      expect((await estate.titrate('ledger')).code).toBe(0)
      const ticks = estate.runs().map(({ tick }) => tick)
      expect(new Set(ticks).size).toBe(ticks.length)
    } finally {
      await estate.close()
    }
  })
})

describe("rollback when green's supervisor is dead", () => {
  it('takes users back without asking green; schedules stay stopped until green is assumed dead', async () => {
    const estate = await left()
    try {
      await killNow(await estate.pid('green'))
      const rollback = estate.start('rollback', '--yes', '--because', 'a test')
      await expect.poll(() => estate.weight(), { timeout: 20_000 }).toBe(0)
      const blueRuns = runsOn(estate, 'blue')
      await rollback.untilSaid('catalogue has settled on blue')
      // Green can't confirm that its schedule stopped. That blue's is not started can only be waited for: two ticks.
      await new Promise((resolve) => setTimeout(resolve, 4_500))
      expect(runsOn(estate, 'blue')).toBe(blueRuns)
      rollback.kill('SIGINT')
      await rollback.ended
      const preview = await estate.titrate('rollback', '--assume-dead', 'green', '--dry-run')
      expect(preview.out).toContain('twice')
      const again = estate.start('rollback', '--yes', '--assume-dead', 'green', '--because', 'a test')
      await expect.poll(() => runsOn(estate, 'blue'), { timeout: 40_000 }).toBeGreaterThan(blueRuns)
      again.kill('SIGINT')
      await again.ended
    } finally {
      await estate.close()
    }
  })
})

describe('rollback --break-glass', () => {
  it('needs no engine and no journal, and leaves a mark that no run acts beside', async () => {
    const estate = await left()
    try {
      rmSync(estate.path('.titrate/releases'), { recursive: true })
      const back = await estate.titrate('rollback', '--break-glass', '--yes', '--because', 'the journal is gone')
      expect(back).toMatchObject({ code: 0 })
      expect(await estate.weight()).toBe(0)
      const before = runsOn(estate, 'blue')
      await expect.poll(() => runsOn(estate, 'blue'), { timeout: 20_000 }).toBeGreaterThan(before)
      const doctor = await estate.titrate('doctor')
      expect(doctor.out).toContain('the journal is gone')
      const run = estate.start('run', '--yes', '-o', 'json')
      await run.until(({ kind }) => kind === 'stop seen')
      await run.until(({ event }) => event.kind === 'called a person')
      expect(run.lines().some(({ kind }) => kind === 'came out')).toBe(false)
      expect((await estate.titrate('resume')).code).toBe(1)
      expect((await estate.titrate('resume', '--clear-stop')).code).toBe(0)
      await run.until(({ event }) => event.kind === 'came out' && event.outcome.kind === 'done')
      run.kill('SIGINT')
      expect((await run.ended).code).toBe(3)
    } finally {
      await estate.close()
    }
  })
})
