import { smallEstate } from '../src/rehearsal/testing/estate.ts'
import { openSimulation, simulationBegins } from '../src/rehearsal/testing/open-simulation.ts'

const n = Number(process.argv[2] ?? 1)
let entries = 0
const run = async (seed: number) => {
  const { clock, startEngine } = openSimulation(smallEstate(), seed, {
    appended: (m) => {
      entries += m.length
    },
  })
  const engine = await startEngine('first')
  await clock.runUntil(simulationBegins + 600_000, () => engine.end() !== null)
}
for (let i = 0; i < 30; i++) await run(i)
entries = 0
const t = performance.now()
const c = process.cpuUsage()
for (let i = 0; i < n; i++) await run(i)
const u = process.cpuUsage(c)
console.log(
  ((performance.now() - t) / n).toFixed(2),
  'ms each',
  ((u.user + u.system) / 1000 / n).toFixed(2),
  'cpu ms',
  entries / n,
  'entries',
)
