/**
 * The engine with N exposed services in motion at once: how long a turn takes, how late a due step begins, and what it
 * costs in CPU and memory. The world is in memory and answers at once; the store is a real SQLite file.
 *
 *     npm run bench -- engine [services] [seconds]
 *
 * Compared to Argo Rollouts with 1,000 on the same kind of machine: 211 MB, 10.5 s of CPU a minute, steps 31 s late.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runEngine } from '../src/engine/engine.ts'
import { systemClock } from '../src/main/clock.ts'
import { openStore } from '../src/store/open.ts'
import { createInstantWorld, manyExposed } from './instant-world.ts'

const [services = 1_000, seconds = 60] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-'))
const store = await openStore({ file: join(folder, 'journal.db'), release: 'bench' })
const plan = manyExposed(services)
const instant = createInstantWorld(plan)
const turns: number[] = []
const late: number[] = []
let peak = 0
const stop = new AbortController()
const started = process.cpuUsage()
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss)
}, 250)
setTimeout(() => stop.abort(), seconds * 1_000)
const byQuarter: number[] = []
let last = started
const quarters = setInterval(
  () => {
    const used = process.cpuUsage(last)
    last = process.cpuUsage()
    byQuarter.push((used.user + used.system) / 1e6)
  },
  (seconds * 1_000) / 4,
)

const end = await runEngine(
  {
    store,
    world: instant.world,
    plan,
    titrate: 'bench',
    engine: 'bench',
    clock: systemClock,
    notify: { send: () => undefined, close: () => Promise.resolve() },
    check: () => Promise.resolve({ blocking: [], notes: [], findings: null }),
    carryOut: instant.carryOut,
    calendars: () => ({}),
    conditions: () => ({}),
    log: () => undefined,
    turned: ({ tookMs, lateMs }) => {
      turns.push(tookMs)
      if (lateMs !== null) late.push(lateMs)
    },
    pollMs: 1_000,
    slots: 64,
    exitAtGate: false,
  },
  stop.signal,
)
clearInterval(watch)
clearInterval(quarters)
const used = process.cpuUsage(started)
const cpu = (used.user + used.system) / 1e6

const quantile = (values: readonly number[], q: number): string => {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0).toFixed(1)
}
const { position } = await store.head()
console.log(
  `${services} services in motion for ${seconds} s (${end.kind}); ${position} journal entries, ${instant.acts()} acts, ${instant.atFull()} at 100 %`,
)
console.log(
  `turns        ${turns.length}, p50 ${quantile(turns, 0.5)} ms, p99 ${quantile(turns, 0.99)} ms, max ${quantile(turns, 1)} ms   (target p99 <= 20 ms)`,
)
console.log(
  `due steps    p50 ${quantile(late, 0.5)} ms late, p99 ${quantile(late, 0.99)} ms late   (target p99 <= 100 ms; Argo Rollouts 31,000 ms)`,
)
console.log(
  `memory       peak ${(peak / 1024 / 1024).toFixed(0)} MB resident   (target <= 200 MB; Argo Rollouts 211 MB)`,
)
console.log(
  `CPU          ${((cpu * 60) / seconds).toFixed(1)} s a minute, by quarter ${byQuarter.map((each) => each.toFixed(1)).join(' ')}   (target <= 5 s; Argo Rollouts 10.5 s)`,
)
await store.close()
rmSync(folder, { recursive: true, force: true })
process.exit(0)
