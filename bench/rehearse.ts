/**
 * A rehearsal of 50 services with 8 faults, by the policy that holds where nobody says anything: about three days of
 * simulated time for each play of the whole release.
 *
 *     npx node bench/rehearse.ts [services] [plays of the release] [plays of each fault]
 */
import { createStage } from '../src/main/rehearsal-stage.ts'
import { rehearse } from '../src/rehearsal/rehearse.ts'
import { wideEstate } from '../src/rehearsal/testing/wide-estate.ts'

const LIMIT_SECONDS = 10
const services = Number(process.argv[2] ?? 50)
const runs = Number(process.argv[3] ?? 2)
const faultRuns = Number(process.argv[4] ?? 2)
const faults = [
  ...['errors-1', 'errors-5', 'errors-100', 'latency-2'],
  ...['crash-loop', 'job-failures', 'blind-metrics', 'slow-start-10'],
]

const { estate, plan } = wideEstate(services)
const started = performance.now()
const before = process.cpuUsage()
const rehearsal = await rehearse({
  ...{ plan, estate, faults, runs, faultRuns, targets: [], notFound: [], seed: 1 },
  stage: createStage({ calendar: { windows: {}, freezes: [] } }, plan),
  ...{ found: new Map(), set: new Map(), now: Date.UTC(2026, 0, 7, 12) },
  tell: () => undefined,
  signal: new AbortController().signal,
})
const seconds = (performance.now() - started) / 1_000
const { user, system } = process.cpuUsage(before)
// It is one thread: what it has of the machine's time is what others leave it, what it needs is this.
const needed = (user + system) / 1e6
const days = ((rehearsal.time?.total.p50 ?? 0) / 86_400_000).toFixed(1)

console.log(
  `${services} services, ${faults.length} faults: ${needed.toFixed(1)} s of CPU (limit ${LIMIT_SECONDS} s), ${seconds.toFixed(1)} s by the clock`,
)
console.log(
  `${runs} plays of the release, ${days} days each; ${rehearsal.faults.length} pairs of a fault and a service, ${faultRuns} plays each`,
)
if (rehearsal.outcome !== 'ends' || needed > LIMIT_SECONDS) process.exitCode = 1
