import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Running } from '../follow-command.ts'
import { createEstate, type Estate, isGate, killNow, startUsers, waitsForRelease } from './estate.ts'

describe('kill -9 in mid-release', () => {
  let estate: Estate
  let users: ReturnType<typeof startUsers>
  let run: Running
  beforeAll(async () => {
    estate = createEstate(waitsForRelease)
    await estate.up()
    users = startUsers(estate.url())
    run = estate.start('run', '--yes', '-o', 'json')
    await run.until(isGate)
  }, 90_000)
  afterAll(async () => {
    await users.stop()
    await estate.close()
  }, 90_000)

  it('of the engine: no user notices, status says so, and the next run goes on', async () => {
    run.kill('SIGKILL')
    await run.ended
    // An engine counts as alive for a few seconds after its last sign of life; status says how long ago that was.
    await expect
      .poll(async () => (await estate.titrate('status')).out, { timeout: 20_000, interval: 500 })
      .toMatch(/engine +(?!running)/)
    expect(await estate.weight()).toBe(25)
    run = estate.start('run', '--yes', '-o', 'json')
    await run.until(({ event }) => event.kind === 'took over' && event.epoch === 2)
    expect(users.seen.failed).toBe(0)
  })

  it("of blue's supervisor: its processes go on serving, and it takes them up again", async () => {
    await killNow(await estate.pid('blue'))
    const before = users.seen.answered
    const up = await estate.titrate('env', 'up', 'blue.yaml')
    expect(up.code).toBe(0)
    expect(users.seen.answered).toBeGreaterThan(before)
    expect(users.seen.failed).toBe(0)
  })

  it('of the router: users fail only while it is away, and its weight and address are as before', async () => {
    await killNow(await estate.pid('router'))
    const up = await estate.titrate('env', 'up', 'router.yaml')
    expect(up.code).toBe(0)
    expect(await estate.weight()).toBe(25)
    const { failed, answered } = users.seen
    await expect.poll(() => users.seen.answered, { timeout: 20_000 }).toBeGreaterThan(answered + 20)
    // A request that was under way while the router came back may still be counted.
    expect(users.seen.failed - failed).toBeLessThan(5)
  })

  it('loses nothing: the release ends done, each tick ran once, the journal is whole', async () => {
    expect((await estate.titrate('approve', 'release', '--yes')).code).toBe(0)
    const { code } = await run.ended
    expect(code).toBe(0)
    expect((await estate.titrate('ledger')).code).toBe(0)
    expect((await estate.titrate('journal', 'verify')).code).toBe(0)
    const ticks = estate.runs().map(({ tick }) => tick)
    expect(new Set(ticks).size).toBe(ticks.length)
  })
})
