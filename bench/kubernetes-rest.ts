/**
 * A release at rest on two real control planes: a whole engine that watches 1,000 workloads on each side, half of them with
 * a schedule, all of which wait for a person. What it costs, and what it asks of the API servers.
 *
 *     npm run bench -- kubernetes-rest          npx node bench/kubernetes-rest.ts [workloads] [seconds]
 */
import { kinds } from '../src/providers/kubernetes/client/kinds.ts'
import { makeCronJobs, minute, openArena } from '../test/kubernetes/arena.ts'
import { okOf } from '../test/kubernetes/clusters.ts'
import { deploymentOf } from '../test/kubernetes/contract-world.ts'
import { limit, withPlanes } from './in-kubernetes/open-planes.ts'
import type { Rest, RestOrder } from './in-kubernetes/rest-engine.ts'
import { runCompiled } from './in-kubernetes/run-compiled.ts'

const [workloads = 1_000, seconds = 60] = process.argv.slice(2).map(Number)
const signal = () => AbortSignal.timeout(5 * minute)

await withPlanes(async ({ clusters, kubeconfigs }) => {
  const arena = await openArena(clusters, 'rest')
  const numbers = Array.from({ length: workloads / 2 }, (_, index) => index)
  for (const side of ['blue', 'green'] as const) {
    const namespace = arena.namespace[side]
    const { client } = clusters[side]
    await makeCronJobs(
      clusters[side],
      namespace,
      numbers.map((index) => `job-${index}`),
      // Yearly: not suspended, as the ledger of those is not kept.
      (made) => ({
        ...made,
        spec: { ...(made.spec ?? { jobTemplate: {} }), schedule: '0 0 1 1 *', suspend: side === 'green' },
      }),
    )
    await Promise.all(
      numbers.map((index) =>
        okOf(client.create(kinds.deployments, deploymentOf(namespace, `web-${index}`, 0), { signal: signal() })),
      ),
    )
  }
  arena.end()
  const order: RestOrder = {
    kubeconfigs,
    namespaces: arena.namespace,
    services: numbers.flatMap((index) => [[`web-${index}`, 'internal'] as const, [`job-${index}`, 'job'] as const]),
    settleMs: 60_000,
    measureMs: seconds * 1_000,
  }
  const found = await runCompiled<Rest>('in-kubernetes/rest-engine', order)
  console.log(
    `${workloads} workloads on each side, ${seconds} s: ${found.turnsAMinute.toFixed(0)} turns a minute; asked: ${found.byKind || 'nothing'}; ${found.megabytes.toFixed(0)} MB resident`,
  )
  limit('CPU a minute', found.cpuSecondsAMinute, 0.1, ' s')
  limit('requests beside watches', found.requests, 0)
})
process.exit()
