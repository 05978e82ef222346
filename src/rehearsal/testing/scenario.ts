import { createRandom } from '../simulated-clock.ts'
import { chance, pick } from './chance.ts'
import { drawEstate } from './random-estate.ts'
import { drawTroubles, type Scenario } from './trouble.ts'

/** The release that a seed stands for. */
export const drawScenario = (seed: number): Scenario => {
  const random = createRandom((seed ^ 0x5bd1e995) >>> 0)
  const { estate, scheduler } = drawEstate(seed)
  const stormMs = pick(random, [5_000, 10_000, 25_000])
  return {
    ...{ seed, scheduler, estate, stormMs },
    troubles: drawTroubles(seed, estate, stormMs),
    backAgain: chance(random, 0.15),
    strictStore: chance(random, 0.1),
  }
}
