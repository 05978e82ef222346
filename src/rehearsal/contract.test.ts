import { expect } from 'vitest'
import { aSchedule, aService, listening, published, secret } from '../inventory/testing/build-estate.ts'
import { claimsContract } from '../providers/contract/testing/claims.ts'
import type { ContractHarness } from '../providers/contract/testing/harness.ts'
import { schedulesContract } from '../providers/contract/testing/schedules.ts'
import { testTraffic } from '../providers/contract/testing/traffic.ts'
import { workloadsContract } from '../providers/contract/testing/workloads.ts'
import { type Caller, defaultLatencies, noFaults } from './simulated-calls.ts'
import { createRandom, createSimulatedClock } from './simulated-clock.ts'
import { supervisorLike } from './simulated-schedules.ts'
import { createSimulatedWorld, type SimulatedService } from './simulated-world.ts'
import { behaviourOf, timetableFor } from './testing/estate.ts'

/** The suites wait in real time: here simulated time goes along with it. */
const openInRealTime = (services: readonly SimulatedService[]) => {
  const clock = createSimulatedClock(Date.now())
  const world = createSimulatedWorld({
    ...{ clock, seed: 1, services, scheduler: supervisorLike, horizonMs: 10_000, timetableOf: timetableFor },
  })
  let passing: Promise<void> = Promise.resolve()
  const beat = setInterval(() => {
    passing = passing.then(() => clock.runUntil(Date.now()))
  }, 2)
  const caller: Caller = { clock, random: createRandom(1), faults: noFaults, latencies: defaultLatencies }
  const ports = world.worldFor(caller)
  const end = async (): Promise<void> => {
    clearInterval(beat)
    await passing
  }
  return { world, ports, end }
}

const everySecond = (parts = {}) => aSchedule({ cron: '@every 1s', concurrency: 'Allow', ...parts })
const job = (name: string, runMs: number, failRatio: number, parts = {}): SimulatedService => {
  const definition = aService(name, { schedule: everySecond(parts) })
  return {
    definition,
    behaviour: behaviourOf(definition, { runs: { runMs, failRatio: { blue: failRatio, green: failRatio } } }),
  }
}
const service = (definition: SimulatedService['definition']): SimulatedService => ({
  definition,
  behaviour: behaviourOf(definition, { startMs: 50, drainMs: 50, queue: null, users: null, logs: ['working'] }),
})

const simulated: ContractHarness = {
  name: 'the simulated world',
  periodMs: 1_000,
  without: ['network'],
  open: async ({ asleep }) => {
    const { ports, end } = openInRealTime([
      service(aService('web', { port: listening, replicas: 1 })),
      service(aService('worker', { takesFrom: ['q'], replicas: 1, variables: { KEY: secret('env:HOME', 'digest') } })),
      job('often', 5, 0),
      job('long', 1_500, 0, { concurrency: 'Forbid' }),
      job('failing', 5, 1, { suspended: true }),
    ])
    return { ...ports.sides[asleep ? 'green' : 'blue'], end }
  },
}

claimsContract(simulated)
workloadsContract(simulated)
schedulesContract(simulated)

testTraffic(
  'the simulated router',
  async () => {
    const { world, ports, end } = openInRealTime([service(aService('shop', { port: published, replicas: 1 }))])
    world.green.workloads.scaleByHand('shop', 1)
    await expect.poll(() => world.green.workloads.ready('shop')).toBe(1)
    const { router } = ports
    if (router === null) throw new Error('the simulated world has a router')
    return {
      traffic: router.traffic,
      claims: router.claims,
      service: 'shop',
      setByHand: async (green) => world.router.setByHand('shop', green),
      setReady: async (side, ready) => {
        world[side].workloads.setSick('shop', !ready)
        await new Promise((resolve) => setTimeout(resolve, 100))
      },
      send: null,
      crash: null,
      close: end,
    }
  },
  { fences: true, claims: true, crash: false, send: false, testRoute: false, setReady: true },
)
