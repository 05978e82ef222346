/**
 * A release at rest on two real control planes: 1,000 workloads watched, half of them with a schedule, and nothing moving.
 * What it costs the program, and what it asks of the API servers.
 *
 *     npm run bench -- kubernetes-rest          npx node bench/kubernetes-rest.ts [workloads] [seconds]
 */
import { setTimeout as pause } from 'node:timers/promises'
import { kinds } from '../src/providers/kubernetes/client/kinds.ts'
import { makeCronJobs, minute, openArena } from '../test/kubernetes/arena.ts'
import { okOf } from '../test/kubernetes/clusters.ts'
import { deploymentOf } from '../test/kubernetes/contract-world.ts'
import { byKind, countRequests } from './in-kubernetes/count-requests.ts'
import { limit, withPlanes } from './in-kubernetes/open-planes.ts'

const [workloads = 1_000, seconds = 60] = process.argv.slice(2).map(Number)
const signal = () => AbortSignal.timeout(5 * minute)

await withPlanes(async ({ clusters, connect }) => {
  const arena = await openArena(clusters, 'rest')
  const numbers = Array.from({ length: workloads / 2 }, (_, index) => index)
  for (const side of ['blue', 'green'] as const) {
    const namespace = arena.namespace[side]
    const { client } = clusters[side]
    await makeCronJobs(
      clusters[side],
      namespace,
      numbers.map((index) => `job-${index}`),
      (made) => ({
        ...made,
        spec: { ...(made.spec ?? { schedule: '', jobTemplate: {} }), suspend: true },
      }),
    )
    await Promise.all(
      numbers.map((index) =>
        okOf(client.create(kinds.deployments, deploymentOf(namespace, `web-${index}`, 0), { signal: signal() })),
      ),
    )
  }
  arena.end()
  await Promise.all([clusters.blue.close(), clusters.green.close()])
  const sides = arena.connect(await connect())
  let hints = 0
  for (const side of [sides.blue, sides.green]) {
    side.workloads.watch(() => {
      hints += 1
    }, signal())
    const list = await okOf(side.workloads.list(signal()))
    console.log(`${side.workloads.side}: ${list.length} workloads`)
    for (const index of numbers) await okOf(side.schedules.read(`job-${index}`, signal()))
  }
  // What the controllers still have to say of what was made.
  for (let before = -1; before !== hints; await pause(15_000)) before = hints
  const { sent } = countRequests()
  const [from, hintsBefore] = [process.cpuUsage(), hints]
  await pause(seconds * 1_000)
  const used = process.cpuUsage(from)
  const cpu = ((used.user + used.system) / 1e6) * (60 / seconds)
  const asked = sent.filter(({ isWatch }) => !isWatch)
  console.log(
    `${seconds} s; ${hints - hintsBefore} hints; ${byKind(sent) || 'nothing asked'}; ${(process.memoryUsage.rss() / 1024 / 1024).toFixed(0)} MB resident`,
  )
  limit('CPU a minute', cpu, 0.1, ' s')
  limit('requests beside watches', asked.length, 0)
})
process.exit()
