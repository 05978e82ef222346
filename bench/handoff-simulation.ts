import { type HandoffCount, plainCase, simulateHandoff } from '../src/rehearsal/handoff-simulation.ts'
import { kubernetesLike, supervisorLike } from '../src/rehearsal/simulated-schedules.ts'

/**
 * Simulated handoffs around ticks, 20,000 by default (half between supervisors, half between Kubernetes-like
 * schedulers): 60 % taken back midway, 3 % of calls killed, lost, late, frozen or in conflict, 15 % with a second
 * engine. Compared with suspending one side and unsuspending the other in the same world.
 *
 *     npx node bench/handoff-simulation.ts [count] [first seed]
 */
const count = Number(process.argv[2] ?? 20_000)
const first = Number(process.argv[3] ?? 1)

const worlds = [
  { name: 'supervisors', scheduler: supervisorLike, periodsMs: [1_000, 2_000, 5_000, 20_000] },
  { name: 'kubernetes', scheduler: kubernetesLike, periodsMs: [10_000, 20_000, 60_000] },
] as const

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)} %`

for (const { name, scheduler, periodsMs } of worlds) {
  for (const way of ['protocol', 'naive'] as const) {
    // The naive way needs no large numbers to be seen through.
    const handoffs = way === 'protocol' ? Math.ceil(count / 2) : Math.min(1_000, Math.ceil(count / 2))
    const started = performance.now()
    const pauses: number[] = []
    const bad = { duplicates: [] as number[], misses: [] as number[], unsettled: [] as number[] }
    let [ticks, skipped] = [0, 0]
    for (let seed = first; seed < first + handoffs; seed += 1) {
      const one: HandoffCount = await simulateHandoff({ ...plainCase, scheduler, periodsMs, way, seed })
      ticks += one.ticks
      skipped += one.skipped.length
      if (one.duplicates.length > 0) bad.duplicates.push(seed)
      if (one.misses.length > 0) bad.misses.push(seed)
      if (!one.settled) bad.unsettled.push(seed)
      const { result } = one
      const pause = typeof result === 'object' && result !== null && 'pauseMs' in result ? result.pauseMs : null
      if (typeof pause === 'number') pauses.push(pause)
    }
    pauses.sort((a, b) => a - b)
    const p99 = pauses[Math.floor(pauses.length * 0.99)] ?? null
    const took = (performance.now() - started) / handoffs
    console.log(
      `${name}, ${way}: ${handoffs} handoffs from seed ${first}, ${ticks} ticks; with duplicates ` +
        `${bad.duplicates.length} (${percent(bad.duplicates.length, handoffs)}), with misses ${bad.misses.length}, ` +
        `ticks let go by policy ${skipped}, unsettled ${bad.unsettled.length}; pause p99 ${p99 ?? 'not measured'} ms; ` +
        `${took.toFixed(1)} ms each`,
    )
    if (way === 'protocol') {
      for (const [what, seeds] of Object.entries(bad))
        if (seeds.length > 0) console.log(`  ${what}: seeds ${seeds.join(', ')}`)
      if (bad.duplicates.length > 0) process.exitCode = 1
    }
  }
}
