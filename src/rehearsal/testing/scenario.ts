import { createRandom } from '../simulated-clock.ts'
import { type Aim, aimOf, occasionOf, troubleOf } from './aim.ts'
import { chance, pick } from './chance.ts'
import { drawLastingTrouble, lastsMs } from './lasting-trouble.ts'
import { type DrawnEstate, drawEstate } from './random-estate.ts'
import { drawTroubles, type Scenario } from './trouble.ts'

/** So many seeds in a row have the same estate, with other troubles: to plan one costs as much as a part of a release. */
const seedsPerEstate = 4
let last: { readonly seed: number; readonly drawn: DrawnEstate } | null = null

const estateOf = (seed: number): DrawnEstate => {
  const own = Math.floor(seed / seedsPerEstate)
  if (last?.seed !== own) last = { seed: own, drawn: drawEstate(own) }
  return last.drawn
}

/** The release that a seed stands for. */
export const drawScenario = (seed: number): Scenario => {
  const aim = aimOf(seed)
  if (aim !== null) return drawAimed(seed, aim)
  const random = createRandom((seed ^ 0x5bd1e995) >>> 0)
  const { estate, scheduler } = estateOf(seed)
  const stormMs = pick(random, [5_000, 10_000, 25_000])
  const troubles = drawTroubles(seed, estate, stormMs)
  const lasting = drawLastingTrouble(seed, estate, troubles)
  return {
    ...{ seed, scheduler, estate },
    ...(lasting === null ? { stormMs, troubles } : { stormMs: lastsMs, troubles: lasting }),
    backAgain: chance(random, 0.15),
    blocked: chance(random, 0.005),
    strictStore: chance(random, 0.1),
    restartMs: pick(random, restarts),
  }
}

/** Some are started again so late that several ticks have passed. */
const restarts = [500, 500, 7_000] as const
const aimedStormMs = 25_000

/** A release that is likely to come to what is aimed at; sometimes with other trouble beside it. */
const drawAimed = (seed: number, aim: Aim): Scenario => {
  const random = createRandom((seed ^ 0x2545f491) >>> 0)
  const occasion = occasionOf(aim)
  const { concerns, troubles, policy = {}, release = {}, restartMs = pick(random, restarts) } = occasion
  const { estate, scheduler } = drawEstate(seed, {
    suits: (drawn) =>
      drawn.scheduler === (occasion.scheduler ?? drawn.scheduler) &&
      drawn.estate.services.some(({ definition }) => concerns(definition)),
    policy,
    release,
    periods: occasion.periods,
  })
  const services = estate.services.flatMap(({ definition }) => (concerns(definition) ? [definition.name] : []))
  return {
    ...{ seed, scheduler, estate, restartMs, stormMs: aimedStormMs, blocked: false },
    troubles: [
      ...troubleOf(random, aim),
      ...troubles(random, services),
      ...(chance(random, 0.3) ? drawTroubles(seed, estate, aimedStormMs) : []),
    ],
    backAgain: chance(random, 0.15),
    strictStore: chance(random, 0.1),
  }
}
