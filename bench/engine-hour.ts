/**
 * The engine with 1,000 exposed services over an hour of simulated time: whether CPU a minute stays flat and memory
 * doesn't grow. Steps take 5 minutes each, so that all of them are in motion the whole hour; a sample every 5 s.
 * Time passes as soon as there is nothing to do, so an hour takes a few minutes.
 *
 *     npm run bench -- engine-hour          npx node --expose-gc bench/engine-hour.ts [services] [minutes]
 */
import { slowPace } from './in-memory/instant-world.ts'
import { measureMoving } from './in-memory/moving-engine.ts'
import { createVirtualClock } from './in-memory/virtual-clock.ts'

const [services = 1_000, minutes = 60] = process.argv.slice(2).map(Number)
const clock = createVirtualClock(Date.UTC(2026, 0, 1))
const end = new AbortController()
void clock.run(end.signal)
await measureMoving({
  estate: { services, ...slowPace },
  clock,
  warmUpMs: 75_000,
  measureMs: minutes * 60_000,
  parts: 4,
  isVirtual: true,
})
end.abort()
process.exit(0)
