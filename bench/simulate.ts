/**
 * How many whole releases the simulation plays in a second of one core: what a release costs the engine itself, with a
 * world and a store that cost little. They are those of `npm run simulate`: one to five services, and all that may go
 * wrong with them.
 *
 *     npm run bench -- simulate          npx node bench/simulate.ts [releases of a round] [seed] [rounds]
 *
 * Measured is the CPU time of this thread, once the code is warm. Whoever else uses the machine takes caches and turns
 * away, and so makes the same work cost up to three times as much, never less: the best round counts, and all are shown.
 */
import { playScenario } from '../src/rehearsal/testing/play.ts'
import { drawScenario } from '../src/rehearsal/testing/scenario.ts'

const limitPerSecond = 200
const [releases = 200, seed = 1, rounds = 8] = process.argv.slice(2).map(Number)
const warmUp = 600

/** Milliseconds of CPU and of wall clock for each release, and what the releases were. */
const playFrom = async (first: number, count: number) => {
  const [cpu, began] = [process.threadCpuUsage(), performance.now()]
  let [services, simulatedMs, entries, failed] = [0, 0, 0, 0]
  for (let index = 0; index < count; index += 1) {
    const scenario = drawScenario(first + index)
    const played = await playScenario(scenario)
    services += scenario.estate.services.length
    simulatedMs += played.simulatedMs
    entries += played.entries.length
    if (played.problems.length > 0) failed += 1
  }
  const { user, system } = process.threadCpuUsage(cpu)
  const wallMs = (performance.now() - began) / count
  return { services, simulatedMs, entries, failed, cpuMs: (user + system) / 1_000 / count, wallMs }
}

await playFrom(seed + 1_000_000, warmUp)
const played: Awaited<ReturnType<typeof playFrom>>[] = []
for (let round = 0; round < rounds; round += 1) played.push(await playFrom(seed, releases)) // The same ones each time.

const [one] = played
const cpuMs = played.map((round) => round.cpuMs).toSorted((a, b) => a - b)
const [best = Number.POSITIVE_INFINITY, median = best] = [cpuMs[0], cpuMs[cpuMs.length >> 1]]
const wallMs = Math.min(...played.map((round) => round.wallMs))
if (one === undefined) throw new Error('no round was played')
console.log(
  `${releases} releases, ${one.failed} failed; on average ${(one.services / releases).toFixed(1)} services, ${(one.simulatedMs / releases / 1_000).toFixed(1)} s of simulated time, ${Math.round(one.entries / releases)} journal entries`,
)
console.log(`CPU each, in ${rounds} rounds: ${played.map((round) => round.cpuMs.toFixed(2)).join(', ')} ms`)
console.log(
  `${(1_000 / best).toFixed(0)} releases a second of one core (median ${(1_000 / median).toFixed(0)}; ${(1_000 / wallMs).toFixed(0)} by the clock)   (limit: at least ${limitPerSecond})`,
)
if (1_000 / best < limitPerSecond || one.failed > 0) process.exitCode = 1
