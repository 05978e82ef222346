import type { Recorded } from '../../journal/events.ts'
import { createCarryOutWork } from '../../main/carry-out-work.ts'
import type { Plan } from '../../plan/plan.ts'
import { createMemoryPlace } from '../../store/memory/store.ts'
import type { Caller } from '../simulated-calls.ts'
import { defaultLatencies, noFaults } from '../simulated-calls.ts'
import { createRandom, createSimulatedClock } from '../simulated-clock.ts'
import { type SimulatedEngine, startSimulatedEngine } from '../simulated-engine.ts'
import { createSimulatedProcess } from '../simulated-process.ts'
import { supervisorLike } from '../simulated-schedules.ts'
import { createSimulatedWorld } from '../simulated-world.ts'
import { planOf, type SimulatedEstate, timetableFor } from './estate.ts'

export const simulationBegins = Date.UTC(2026, 0, 7, 12, 0, 0)

/** A world, a store and engines for one estate, on one simulated clock. */
export const openSimulation = (
  estate: SimulatedEstate,
  seed: number,
  watch: { readonly appended?: (entries: readonly Recorded[]) => void } = {},
) => {
  const plan: Plan | null = planOf(estate)
  if (plan === null) throw new Error('the planner refuses this estate')
  const clock = createSimulatedClock(simulationBegins)
  const world = createSimulatedWorld({
    ...{ clock, seed, services: estate.services, scheduler: supervisorLike, horizonMs: 10_000 },
    timetableOf: timetableFor,
  })
  const place = createMemoryPlace({ keepsGiven: true, appended: (_, entries) => watch.appended?.(entries) })
  const caller: Caller = {
    ...{ clock, random: createRandom(seed), faults: noFaults, readFaults: () => null, latencies: defaultLatencies },
  }
  const startEngine = async (name: string): Promise<SimulatedEngine> =>
    startSimulatedEngine({
      ...{ name, plan, process: createSimulatedProcess(clock), store: await place.open(plan.release) },
      world: world.worldFor(caller),
      check: () => Promise.resolve({ blocking: [], notes: [], findings: null }),
      calendars: () => ({}),
      conditions: () => ({}),
      carryOut: (ports, own) =>
        createCarryOutWork({
          ...{ world: ports, clock: own },
          runTest: async () => ({ passed: true, at: own.now(), durationMs: 1, summary: 'fine', figures: {} }),
        }),
      pollMs: 1_000,
      notice: () => undefined,
    })
  return { plan, clock, world, place, startEngine }
}
