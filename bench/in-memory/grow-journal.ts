/**
 * An engine that fills a store with what a release of 1,000 services writes, by virtual time, until its journal has so
 * many entries; from then on its world answers no act any more, and it waits to be killed.
 *
 *     node bench/in-memory/grow-journal.ts FILE ENTRIES
 */
import { runEngine } from '../../src/engine/engine.ts'
import { openStore } from '../../src/store/open.ts'
import { benchEngine } from './bench-engine.ts'
import { createInstantWorld, longPace, manyExposed } from './instant-world.ts'
import { createVirtualClock } from './virtual-clock.ts'

const [file = '', entries = '0'] = process.argv.slice(2)
const services = 1_000
const store = await openStore({ file, release: 'bench' })
const plan = manyExposed({ services, ...longPace })
const clock = createVirtualClock(Date.now() - 3_600_000)
const instant = createInstantWorld(plan, longPace, clock)
const never = new AbortController().signal
let position = 0
let hung = 0
void clock.run(never)
await runEngine(
  benchEngine(store, clock, {
    world: instant.world,
    plan,
    carryOut: () => {
      const carryOut = instant.carryOut()
      return (work, memo, signal) => {
        if (position < Number(entries)) return carryOut(work, memo, signal)
        hung += 1
        if (hung === 10) console.log('grown')
        return new Promise(() => undefined)
      }
    },
    appended: (appended) => {
      position = appended.at(-1)?.position ?? position
    },
  }),
  never,
)
