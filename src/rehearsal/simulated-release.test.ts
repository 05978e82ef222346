import { describe, expect, it } from 'vitest'
import { breakGlass } from '../engine/break-glass.ts'
import type { ServiceDefinition } from '../inventory/estate.ts'
import { addressOf, aService, published } from '../inventory/testing/build-estate.ts'
import type { PersonRequest, Recorded } from '../journal/events.ts'
import { defaultLatencies, noFaults } from './simulated-calls.ts'
import { createRandom } from './simulated-clock.ts'
import type { ServiceBehaviour } from './simulated-world.ts'
import { behaviourOf, smallEstate } from './testing/estate.ts'
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

  it('goes on by the same engine after break-glass, once a person has cleared its mark', async () => {
    const { plan, clock, world, place, startEngine } = openSimulation(smallEstate(), 3)
    const engine = await startEngine('first')
    await clock.runUntil(simulationBegins + 8_000)
    const { sides, router } = world.worldFor({
      ...{ clock, random: createRandom(1), faults: noFaults, readFaults: () => null, latencies: defaultLatencies },
    })
    if (router === null) throw new Error('the simulated world has a router')
    const services = Object.values(plan.moves).map(({ service, exclusive, kind }) => ({
      ...{ name: service, exclusive, hasSchedule: kind === 'job' },
    }))
    const glass = breakGlass({
      ...{ release: plan.release, by: 'eve', because: 'smoke', blue: sides.blue, green: sides.green, router, services },
      ...{ assumeDead: null, limitMs: 10_000, clock, signal: new AbortController().signal },
    })
    await clock.runUntil(clock.now() + 20_000)
    await glass
    const store = await place.open(plan.release)
    const ask = async (id: string, request: PersonRequest) => {
      const event = { kind: 'requested', id, by: 'ada', seen: 0, request } as const
      const batches = [{ stream: 'release', expected: 'any', events: [event] }] as const
      await store.append({ at: clock.now(), epoch: 0, observation: 0, batches })
      await clock.runUntil(clock.now() + 5_000)
    }
    await ask('r1', { kind: 'resume', service: null, because: 'looked at it', clearStop: true })
    await ask('r2', { kind: 'roll back', scope: { kind: 'everything' }, because: 'enough', assumeDead: null })
    await clock.runUntil(clock.now() + 60_000, () => engine.end() !== null)
    expect(engine.end()).toMatchObject({ kind: 'ended', release: { ended: { outcome: 'rolled back' } } })
  })

  it('moves an exposed service of which only one copy may run, with nobody called', async () => {
    const definition = aService('desk', { port: published, lease: 'leader' })
    const estate = { ...smallEstate(), services: [{ definition, behaviour: behaviourOf(definition) }] }
    const entries: Recorded[] = []
    const { clock, world, startEngine } = openSimulation(
      { ...estate, rules: { desk: { confirmed: ['interruption'] } } },
      1,
      { appended: (more) => void entries.push(...more) },
    )
    const engine = await startEngine('first')
    await clock.runUntil(simulationBegins + 120_000, () => engine.end() !== null)
    expect(engine.end()).toMatchObject({ kind: 'ended', release: { ended: { outcome: 'done' } } })
    expect(world.router.inForce('desk')).toBe(100)
    expect(entries.filter(({ event }) => event.kind === 'called a person')).toEqual([])
  })

  /** Everything of one service fails on green, after another has moved; until it has settled, or a person is called. */
  const playFailing = async (definition: ServiceDefinition, behaviour: Partial<ServiceBehaviour> = {}) => {
    const small = smallEstate()
    const entries: Recorded[] = []
    const { clock, world, startEngine } = openSimulation(
      {
        ...small,
        services: [
          ...small.services.filter((one) => one.definition.name === 'catalogue'),
          { definition, behaviour: behaviourOf(definition, behaviour) },
        ],
        policy: { ...small.policy, weights: [100], shares: [100], soakMs: 10_000 },
        rules: { desk: { confirmed: ['interruption'] } },
      },
      1,
      { appended: (more) => void entries.push(...more) },
    )
    if (definition.port === null) world.queues.setFailRatio('desk', 'green', 1)
    else world.users.setAnswering('desk', 'green', { errorRatio: 1, latencyMs: 40, latencySpread: 0.6 })
    await startEngine('first')
    const told = () =>
      entries.find(
        ({ stream, event }) => event.kind === 'called a person' || (event.kind === 'settled' && stream === 'move/desk'),
      )?.event
    await clock.runUntil(simulationBegins + 300_000, () => told() !== undefined)
    return told()
  }
  const variables = { CATALOGUE_URL: addressOf('catalogue', 9001) }
  const worker = aService('desk', { takesFrom: ['orders'], lease: 'leader', variables })
  const busy = { queue: { itemsPerSecond: 40, itemMs: 20, failRatio: { blue: 0, green: 0 } } }

  it.each([
    ['an exposed service that gets all its users at once', aService('desk', { port: published, replicas: 2 }), {}],
    ['an exposed one of which only one copy may run', aService('desk', { port: published, lease: 'leader' }), {}],
    ['a worker of which only one copy may run', worker, busy],
  ])('takes back %s, when everything fails on green', async (_, definition, behaviour) => {
    expect(await playFailing(definition, behaviour)).toMatchObject({ kind: 'settled', on: 'blue' })
  })

  it('calls a person when all that green does fails, and blue has hardly done anything to compare with', async () => {
    const rare = { queue: { itemsPerSecond: 0.5, itemMs: 20, failRatio: { blue: 0, green: 0 } } }
    expect(await playFailing(worker, rare)).toMatchObject({
      ...{ kind: 'called a person', service: 'desk' },
      because: expect.stringMatching(/^green failed \d+ of \d+ \(100 %\), and blue failed 0 of \d+/),
    })
  })

  it('decides nothing more for a release that has ended, whatever happened since', async () => {
    const { plan, clock, world, place, startEngine } = openSimulation(smallEstate(), 5)
    const first = await startEngine('first')
    await clock.runUntil(simulationBegins + 300_000, () => first.end() !== null)
    const store = await place.open(plan.release)
    const { position } = await store.head()
    world.green.workloads.scaleByHand('mailer', 9)
    const second = await startEngine('second')
    await clock.runUntil(clock.now() + 60_000, () => second.end() !== null)
    expect(second.end()).toMatchObject({ kind: 'ended' })
    expect((await store.read(position, 100)).map(({ event }) => event.kind)).toEqual(['took over'])
  })
})
