/**
 * The engine after a kill: opens the store, folds the journal, takes the release over, and tells of its first act.
 *
 *     node bench/in-memory/restarted-engine.ts FILE WORLD
 */
import { readFileSync } from 'node:fs'
import { runEngine } from '../../src/engine/engine.ts'
import { systemClock } from '../../src/main/clock.ts'
import { keepHeapSmall } from '../../src/main/small-heap.ts'
import { openStore } from '../../src/store/open.ts'
import { benchEngine } from './bench-engine.ts'
import { createInstantWorld, type Left, longPace, manyExposed } from './instant-world.ts'

const [file = '', world = ''] = process.argv.slice(2)
console.log(`began ${Date.now()}`)
keepHeapSmall()
const left: Left = JSON.parse(readFileSync(world, 'utf8')) // Written by bench/restart.ts.
const store = await openStore({ file, release: 'bench' })
const plan = manyExposed({ services: Object.keys(left).length, ...longPace })
const instant = createInstantWorld(plan, { ...longPace, spreadMs: 0 }, systemClock, left)
let hasActed = false
await runEngine(
  benchEngine(store, systemClock, {
    world: instant.world,
    plan: null,
    carryOut: () => {
      console.log(`wired ${Date.now()}`)
      const carryOut = instant.carryOut()
      return (work, memo, signal) => {
        if (!hasActed) console.log(`acted ${Date.now()} ${Math.round(process.memoryUsage.rss() / 1024 / 1024)}`)
        hasActed = true
        return carryOut(work, memo, signal)
      }
    },
  }),
  new AbortController().signal,
)
