import type { Millis } from '../../moves/goal.ts'
import { createRandom } from '../simulated-clock.ts'
import { below, chance, pick } from './chance.ts'
import type { SimulatedEstate } from './estate.ts'
import type { Happening, Trouble } from './trouble.ts'

/** So many releases have trouble from the beginning that lasts as long as the storm. */
const share = 0.25
const latestStartMs: Millis = 8_000
/** Long enough for most releases to come to their users. */
export const lastsMs: Millis = 30_000

/**
 * What is wrong for good, and not only for some seconds: a green that is bad, a version that nobody brings to the other
 * side, metrics that stay away. Without it a judge would hardly ever have enough evidence to say so. Drawn by itself, so
 * that the other troubles of a seed stay what they are. null: nothing lasts; else all that goes wrong, `others` too.
 */
export const drawLastingTrouble = (
  seed: number,
  { services }: SimulatedEstate,
  others: readonly Trouble[],
): readonly Trouble[] | null => {
  const random = createRandom((Math.imul(seed, 0xc2b2ae35) + 101) >>> 0)
  if (!chance(random, share)) return null
  const judged = services.filter(({ behaviour: { users, queue } }) => users !== null || queue !== null)
  const { definition } = pick(random, judged.length > 0 && chance(random, 0.8) ? judged : services)
  const forMs = lastsMs
  const service = definition.name
  const isWorker = definition.takesFrom.length > 0 && definition.port?.published !== true
  const bad: readonly Happening[] = isWorker
    ? [{ kind: 'failing work', service, ratio: pick(random, [0.5, 1]), forMs }]
    : [
        { kind: 'errors', service, ratio: pick(random, [0.05, 0.5, 1]), forMs },
        { kind: 'errors', service, ratio: 1, forMs },
        { kind: 'slow', service, factor: pick(random, [2, 10]), forMs },
      ]
  const what = pick<Happening>(random, [
    ...bad,
    { kind: 'deploy', service, side: pick(random, ['blue', 'green']) },
    { kind: 'metrics', service, trouble: pick(random, ['absent', 'green absent']), forMs },
    { kind: 'no metrics', forMs },
    { kind: 'sick', service, side: 'blue', forMs },
    { kind: 'sick', service, side: 'green', forMs },
    { kind: 'cut off', part: 'blue', forMs },
    { kind: 'cut off', part: 'green', forMs },
    { kind: 'closed', what: pick(random, ['window', 'condition']), forMs },
    { kind: 'failing test', forMs },
  ])
  const lasting: readonly Trouble[] = [{ on: 'time', at: below(random, latestStartMs), what }]
  // Half of it is all that goes wrong: then what is done about it can be told for sure.
  return chance(random, 0.5) ? lasting : [...others, ...lasting]
}
