import { describe, expect, it } from 'vitest'
import type { Recorded } from '../journal/events.ts'
import { smallEstate } from './testing/estate.ts'
import { openSimulation, simulationBegins } from './testing/open-simulation.ts'

const play = async (seed: number) => {
  const entries: Recorded[] = []
  const { clock, world, startEngine } = openSimulation(smallEstate(), seed, {
    appended: (more) => void entries.push(...more),
  })
  const engine = await startEngine('first')
  await clock.runUntil(simulationBegins + 600_000, () => engine.end() !== null)
  return { end: engine.end(), entries, world, clock }
}

describe('a release in the simulated world', () => {
  it('goes to green by the real engine, in simulated time', async () => {
    const { end, world } = await play(1)
    expect(end).toMatchObject({ kind: 'ended', release: { ended: { outcome: 'done' } } })
    for (const service of ['storefront', 'checkout']) expect(world.router.inForce(service)).toBe(100)
    expect(world.green.workloads.running('mailer')).toBe(2)
    expect(world.blue.workloads.running('mailer')).toBe(0)
    expect(world.green.schedules.truth.isActive('invoices')).toBe(true)
    const ran = [...world.blue.schedules.truth.runs(), ...world.green.schedules.truth.runs()].map(({ tick }) => tick)
    expect(new Set(ran).size).toBe(ran.length)
    expect(world.queues.truth('mailer')).toMatchObject({ lost: 0, twice: 0 })
  })

  it('is the same journal, hash by hash, for the same seed', async () => {
    const [one, again, other] = [await play(7), await play(7), await play(8)]
    expect(one.entries.at(-1)?.hash).toBe(again.entries.at(-1)?.hash)
    expect(one.entries.at(-1)?.hash).not.toBe(other.entries.at(-1)?.hash)
  })
})
