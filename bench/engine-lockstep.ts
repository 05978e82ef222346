/**
 * The engine with 1,000 exposed services that all take a step of 1 % every 5 s, in lockstep: twelve times as many steps
 * as by the product's policy, all due at the same moment. It shows what gives way first under far too much; the limits
 * are those of `engine`.
 *
 *     npm run bench -- engine-lockstep          npx node bench/engine-lockstep.ts [services] [seconds]
 */
import { systemClock } from '../src/main/clock.ts'
import { lockstep } from './in-memory/instant-world.ts'
import { measureMoving } from './in-memory/moving-engine.ts'

const [services = 1_000, seconds = 60] = process.argv.slice(2).map(Number)
await measureMoving({
  estate: { services, ...lockstep },
  clock: systemClock,
  warmUpMs: 10_000,
  measureMs: seconds * 1_000,
  parts: 4,
  isVirtual: false,
})
process.exit(0)
