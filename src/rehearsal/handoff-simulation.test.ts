import { describe, expect, it } from 'vitest'
import { type HandoffCase, type HandoffCount, hostileCase, plainCase, simulateHandoff } from './handoff-simulation.ts'
import { callFaults } from './simulated-calls.ts'
import { kubernetesLike, supervisorLike } from './simulated-schedules.ts'

const worlds = {
  supervisors: { scheduler: supervisorLike, periodsMs: [1_000, 2_000, 5_000, 20_000] },
  // A Kubernetes scheduler that stands still for longer than a period loses ticks by itself.
  kubernetes: { scheduler: kubernetesLike, periodsMs: [10_000, 20_000, 60_000] },
} as const

type World = keyof typeof worlds

const run = (world: World, seed: number, changed: Partial<HandoffCase> = {}): Promise<HandoffCount> =>
  simulateHandoff({ ...plainCase, ...worlds[world], seed, ...changed })

const runMany = async (world: World, count: number, changed: Partial<HandoffCase> = {}) => {
  const first = Number(process.env.TITRATE_SEED ?? 1)
  const counts: HandoffCount[] = []
  for (let seed = first; seed < first + count; seed += 1) counts.push(await run(world, seed, changed))
  return {
    seeds: `${first} to ${first + count - 1}`,
    ticks: counts.reduce((sum, one) => sum + one.ticks, 0),
    duplicates: counts.filter((one) => one.duplicates.length > 0).map((one) => one.seed),
    misses: counts.filter((one) => one.misses.length > 0).map((one) => one.seed),
    skipped: counts.filter((one) => one.skipped.length > 0).map((one) => one.seed),
    overlaps: counts.filter((one) => one.overlaps > 0).map((one) => one.seed),
    unsettled: counts.filter((one) => !one.settled).map((one) => one.seed),
  }
}

const clean = { duplicates: [], misses: [], overlaps: [], unsettled: [] }

describe('handoffs around ticks', () => {
  it('run each tick exactly once between supervisors, with faults, rollbacks and a second engine', async () => {
    expect(await runMany('supervisors', 800, { faultShare: 0.1, secondEngineShare: 0.3 })).toMatchObject(clean)
  })

  it('run each tick exactly once under a scheduler that acts on old state and forgets its cursor', async () => {
    expect(await runMany('kubernetes', 400)).toMatchObject(clean)
  })

  it('run each tick exactly once wherever the engine is killed, frozen or left without an answer', async () => {
    for (const fault of callFaults) {
      for (let call = 1; call <= 9; call += 1) {
        const one = await run('supervisors', call, { faultShare: 0, faultAt: { call, fault } })
        expect.soft({ call, fault, ...one }).toMatchObject({ duplicates: [], misses: [], settled: true })
      }
    }
  })

  it('run each tick exactly once when nearly every call lands late and all is taken back', async () => {
    expect(await runMany('supervisors', 300, hostileCase)).toMatchObject(clean)
    const stale = { ...kubernetesLike, stale: { share: 0.3, forMs: 7_000 } }
    // A tombstone that lands late, just before its tick, can be swept too late: Kubernetes refuses no old creations.
    expect(await runMany('kubernetes', 150, { ...hostileCase, scheduler: stale })).toMatchObject({
      duplicates: [],
      unsettled: [],
    })
  })

  it('need no records of runs that have ended', async () => {
    const forgets = { ...kubernetesLike, forgetsRunsAfterMs: 0 }
    expect(await runMany('kubernetes', 100, { scheduler: forgets })).toMatchObject({ duplicates: [], unsettled: [] })
  })

  it('never let runs of both sides overlap under Forbid and Replace', async () => {
    const [forbid, replace] = [{ concurrency: 'Forbid' }, { concurrency: 'Replace' }] as const
    expect(await runMany('supervisors', 150, { ...forbid, faultShare: 0.1 })).toMatchObject(clean)
    expect(await runMany('supervisors', 150, { ...replace, faultShare: 0.1 })).toMatchObject(clean)
  })

  it('lose nothing under the policy that runs all missed ticks', async () => {
    const counts = await runMany('supervisors', 150, { missed: 'all', faultShare: 0.1 })
    expect(counts).toMatchObject({ ...clean, skipped: [] })
  })

  it('repeat exactly for the same seed', async () => {
    expect(await run('kubernetes', 7)).toEqual(await run('kubernetes', 7))
  })

  it('duplicate ticks when one side is suspended and the other unsuspended by hand', async () => {
    for (const world of ['supervisors', 'kubernetes'] as const) {
      const naive = await runMany(world, 40, { way: 'naive', faultShare: 0, secondEngineShare: 0 })
      expect(naive.duplicates.length).toBeGreaterThan(10)
    }
  })
})
