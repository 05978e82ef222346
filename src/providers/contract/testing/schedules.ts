import { afterAll, describe, expect, it, vi } from 'vitest'
import type { Millis } from '../../../moves/goal.ts'
import { type ContractHarness, type ContractWorld, callFor, soon } from './harness.ts'

const second: Millis = 1_000

/** What every provider of schedules promises: what the handoff is built on. */
export const schedulesContract = (harness: ContractHarness): void => {
  const { periodMs: period } = harness
  const within = { timeout: 15 * second + 5 * period, interval: 25 }
  const isSlow = period > 10 * second
  const options = { concurrent: isSlow, timeout: 30 * second + 10 * period }

  describe(`schedules of ${harness.name}`, options, () => {
    const worlds: ContractWorld[] = []
    afterAll(async () => void (await Promise.all(worlds.map((world) => world.end()))))

    const ok = async <T>(asked: Promise<{ kind: string; value?: T }>): Promise<T> => {
      const answer = await asked
      if (answer.kind !== 'ok') throw new Error(JSON.stringify(answer))
      return answer.value as T
    }
    const open = async (how: { readonly asleep: boolean }) => {
      const world = await harness.open(how)
      worlds.push(world)
      const seen = (service: string) => ok(world.schedules.read(service, soon()))
      const runs = (service: string) => ok(world.schedules.runs(service, 0, soon()))
      const someRuns = (service: string, count: number) =>
        vi.waitFor(async () => expect((await runs(service)).length).toBeGreaterThanOrEqual(count), within)
      return { world, seen, runs, someRuns }
    }

    it('runs each tick once, by the name that the tick gives it, and writes down how it ended', async () => {
      const { world, runs } = await open({ asleep: false })
      await vi.waitFor(
        async () => expect((await runs('often')).filter((run) => run.endedAt !== null)).toHaveLength(2),
        within,
      )
      for (const run of (await runs('often')).slice(0, 2)) {
        expect(run).toMatchObject({ service: 'often', side: world.schedules.side, result: 'succeeded', exitCode: 0 })
        expect(run.name).toBe(`often-${(run.tick ?? 0) / second}`)
      }
      const [first, next] = await runs('often')
      expect((next?.tick ?? 0) - (first?.tick ?? 0)).toBe(period)
    })

    it('makes no run after a pause whose barrier was passed, and says which tick was the last', async () => {
      const { world, seen, runs, someRuns } = await open({ asleep: false })
      await someRuns('often', 1)
      await ok(world.schedules.pause(callFor('often'), 'often'))
      await ok(world.schedules.barrier(callFor('often'), 'often'))
      const paused = await seen('often')
      expect(paused.suspended).toBe(true)
      expect(paused.passesSinceChange).toBeGreaterThan(0)
      const made = (await runs('often')).length
      await new Promise((resolve) => setTimeout(resolve, 2 * period))
      expect((await runs('often')).length).toBe(made)
      expect((await seen('often')).newestRun).toBe(paused.newestRun)
    })

    it('catches up only the most recent missed tick when it is resumed, and none before a later cursor', async () => {
      const { world, seen, runs, someRuns } = await open({ asleep: true })
      const now = (await seen('often')).now
      await ok(world.schedules.setCursor(callFor('often'), 'often', now - 60 * period))
      await ok(world.schedules.resume(callFor('often'), 'often'))
      await someRuns('often', 2)
      const [first, next] = await runs('often')
      expect(first?.tick).toBeGreaterThanOrEqual(now - period)
      expect((next?.tick ?? 0) - (first?.tick ?? 0)).toBe(period)
    })

    it('never runs a fenced tick, and says ran for one that it has run', async () => {
      const { world, seen, runs } = await open({ asleep: true })
      const { now } = await seen('often')
      const ticks = await ok(world.schedules.ticks('often', now, now + 3 * period, soon()))
      expect(ticks).toHaveLength(3)
      for (const tick of ticks) expect(await ok(world.schedules.fence(callFor('often'), 'often', tick))).toBe('fenced')
      expect(await ok(world.schedules.fence(callFor('often'), 'often', ticks[0] ?? 0))).toBe('fenced')
      expect((await seen('often')).fenced).toEqual(ticks)
      await ok(world.schedules.resume(callFor('often'), 'often'))
      await vi.waitFor(async () => expect((await seen('often')).now).toBeGreaterThan((ticks[2] ?? 0) + second), within)
      // A scheduler that found a name taken may wait for a word before it looks on.
      await ok(world.schedules.setCursor(callFor('often'), 'often', ticks[2] ?? 0))
      await vi.waitFor(async () => expect((await seen('often')).newestRun ?? 0).toBeGreaterThan(ticks[2] ?? 0), within)
      const ran = (await runs('often')).map((run) => run.tick)
      for (const tick of ticks) expect(ran).not.toContain(tick)
      expect(await ok(world.schedules.fence(callFor('often'), 'often', ran.at(-1) ?? 0))).toBe('ran')
    })

    it('takes its tombstones back from a tick on', async () => {
      const { world, seen } = await open({ asleep: true })
      const { now } = await seen('often')
      const ticks = await ok(world.schedules.ticks('often', now + 60 * period, now + 63 * period, soon()))
      for (const tick of ticks) await ok(world.schedules.fence(callFor('often'), 'often', tick))
      expect(await ok(world.schedules.unfence(callFor('often'), 'often', ticks[0] ?? 0))).toEqual({
        removed: ticks.slice(1),
      })
      expect((await seen('often')).fenced).toEqual(ticks.slice(0, 1))
    })

    it('makes a missed tick or a trial once, whether or not it is suspended', async () => {
      const { world, seen, runs } = await open({ asleep: true })
      const tick = Math.floor((await seen('often')).now / period) * period - 5 * period
      expect(await ok(world.schedules.runNow(callFor('often'), 'often', tick))).toBe('started')
      expect(await ok(world.schedules.runNow(callFor('often'), 'often', tick))).toBe('exists')
      const trial = callFor('often', { intent: 'often/test/4' })
      expect(await ok(world.schedules.runNow(trial, 'often', null))).toBe('started')
      expect(await ok(world.schedules.runNow(trial, 'often', null))).toBe('exists')
      await vi.waitFor(
        async () => expect((await runs('often')).map((run) => run.result)).toEqual(['succeeded', 'succeeded']),
        within,
      )
      expect((await runs('often')).map((run) => [run.name, run.tick])).toEqual([
        [`often-${tick / second}`, tick],
        ['often-trial-4', null],
      ])
      expect(await ok(world.schedules.fence(callFor('often'), 'often', tick))).toBe('ran')
    })

    it('says how a run failed', async () => {
      const { world, runs } = await open({ asleep: true })
      await ok(world.schedules.runNow(callFor('failing', { intent: 'failing/test/1' }), 'failing', null))
      await vi.waitFor(async () => expect((await runs('failing'))[0]).toMatchObject({ result: 'failed' }), within)
      expect((await runs('failing'))[0]?.exitCode).toBeGreaterThan(0)
    })

    it('holds a tick back under Forbid, keeps the cursor before it, and never overlaps', async () => {
      const { world, seen, runs } = await open({ asleep: false })
      await vi.waitFor(async () => {
        const schedule = await seen('long')
        expect(schedule.pending).not.toBeNull()
        expect(schedule.cursor ?? 0).toBeLessThan(schedule.pending ?? 0)
        expect(schedule.active).toHaveLength(1)
      }, within)
      await ok(world.schedules.pause(callFor('long'), 'long'))
      const paused = await seen('long')
      await vi.waitFor(async () => expect((await seen('long')).active).toHaveLength(0), within)
      // Suspended in between, the tick that waited is not lost: it is still to be seen, and not dealt with.
      const after = await seen('long')
      expect(after.newestRun).toBe(paused.newestRun)
      if (paused.pending !== null) expect(after).toMatchObject({ pending: paused.pending, cursor: paused.cursor })
      const all = await runs('long')
      for (const [index, run] of all.entries()) {
        const next = all[index + 1]
        if (next !== undefined) expect(next.startedAt).toBeGreaterThanOrEqual(run.endedAt ?? Number.POSITIVE_INFINITY)
      }
    })

    it('refuses late acts and answers conflict to old revisions', async () => {
      const { world, seen } = await open({ asleep: true })
      const { revision } = await seen('often')
      const stamp = callFor('often', { version: 2_000_000, revision })
      const stamped = await ok(world.schedules.stamp(stamp, 'often', { suspended: true }))
      expect((await seen('often')).stamp).toEqual({
        fence: stamp.fence,
        intent: stamp.intent,
        baseline: { suspended: true },
      })
      expect((await world.schedules.resume(callFor('often', { version: 1_999_999 }), 'often')).kind).toBe('refused')
      expect((await world.schedules.resume(callFor('often', { version: 2_000_001, revision }), 'often')).kind).toBe(
        'conflict',
      )
      expect((await seen('often')).suspended).toBe(true)
      const resume = callFor('often', { version: 2_000_001, revision: stamped.revision })
      expect((await world.schedules.resume(resume, 'often')).kind).toBe('ok')
      expect((await world.schedules.resume(resume, 'often')).kind).toBe('ok')
      expect((await world.schedules.pause(callFor('web'), 'web')).kind).toBe('refused')
    })
  })
}
