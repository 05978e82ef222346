/**
 * How many whole releases the simulation plays in a second of one core: what a release costs the engine itself, with a
 * world and a store that cost little. Small releases: five services at most.
 *
 *     npm run bench -- simulate          npx node bench/simulate.ts [releases] [seed]
 */
import { playScenario } from '../src/rehearsal/testing/play.ts'
import { drawScenario } from '../src/rehearsal/testing/scenario.ts'

const limitPerSecond = 200
const [releases = 1_000, seed = 1] = process.argv.slice(2).map(Number)

const playFrom = async (first: number, count: number) => {
  let [simulatedMs, entries, failed] = [0, 0, 0]
  for (let index = 0; index < count; index += 1) {
    const played = await playScenario(drawScenario(first + index))
    simulatedMs += played.simulatedMs
    entries += played.entries.length
    if (played.problems.length > 0) failed += 1
  }
  return { simulatedMs, entries, failed }
}

await playFrom(seed + 1_000_000, 100) // until the code is warm
const before = process.threadCpuUsage()
const { simulatedMs, entries, failed } = await playFrom(seed, releases)
const { user, system } = process.threadCpuUsage(before)
const seconds = (user + system) / 1e6
const perSecond = releases / seconds
console.log(
  `${releases} releases, ${failed} failed; each ${(simulatedMs / releases / 1_000).toFixed(1)} s of simulated time, ${Math.round(entries / releases)} journal entries`,
)
console.log(
  `${perSecond.toFixed(0)} releases a second of one core, ${((seconds * 1_000) / releases).toFixed(2)} ms of CPU each   (limit: at least ${limitPerSecond})`,
)
if (perSecond < limitPerSecond || failed > 0) process.exitCode = 1
