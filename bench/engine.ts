/**
 * The engine with 1,000 exposed services in motion at once, by the product's own policy (weights 1, 5, 25, 50, 100,
 * dwell 60 s, a sample every 5 s): how long a turn takes, how late a due step begins, and what it costs in CPU and
 * memory. Services come in over a minute, so that their steps are due at any time, as they are in an estate; then a
 * minute is measured. The world is in memory and answers at once; the store is a real SQLite file.
 *
 *     npm run bench -- engine          npx node bench/engine.ts [services] [seconds]
 *
 * `engine-lockstep` has them all step at once every 5 s, which is far harsher; `engine-hour` is an hour of simulated time.
 * Compared to Argo Rollouts with 1,000 on the same kind of machine: 211 MB, 10.5 s of CPU a minute, steps 31 s late.
 */
import { systemClock } from '../src/main/clock.ts'
import { productPace } from './in-memory/instant-world.ts'
import { measureMoving } from './in-memory/moving-engine.ts'

const [services = 1_000, seconds = 60] = process.argv.slice(2).map(Number)
await measureMoving({
  estate: { services, ...productPace },
  clock: systemClock,
  warmUpMs: 75_000,
  measureMs: seconds * 1_000,
  parts: 4,
  isVirtual: false,
})
process.exit(0)
