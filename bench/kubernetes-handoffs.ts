/**
 * Schedules handed over between two real control planes, by a client that keeps to 40 requests a second: what one handoff
 * asks of the API servers, and how long neither side runs a schedule when 500 that are spread over the hour go in waves.
 *
 *     npm run bench -- kubernetes-handoffs          npx node bench/kubernetes-handoffs.ts [schedules] [per wave]
 */
import type { CronJob } from 'kubernetes-types/batch/v1.js'
import { systemClock } from '../src/main/clock.ts'
import { carriedOut, contextOf, makeCronJobs, minute, openArena } from '../test/kubernetes/arena.ts'
import { byKind, countRequests } from './in-kubernetes/count-requests.ts'
import { limit, withPlanes } from './in-kubernetes/open-planes.ts'
import { quantile } from './in-memory/quantile.ts'

const [schedules = 500, perWave = 5] = process.argv.slice(2).map(Number)
const quietMs = 5_000

/** Whether a schedule of that minute of the hour is within its quiet time, or will be while its wave goes. */
const isNearTick = (tickMinute: number): boolean => {
  const sinceHour = Date.now() % (60 * minute)
  const apart = Math.abs(sinceHour - tickMinute * minute)
  return Math.min(apart, 60 * minute - apart) <= quietMs + 1_000
}

/** Whether KEDA has been installed meanwhile, where it is not there. */
const isAskedEachMinute = (path: string): boolean => path.includes('/scaledobjects')

type Result = { readonly pauseMs: number | null; readonly fenced: readonly number[] }

await withPlanes(async ({ clusters, connect }) => {
  const arena = await openArena(clusters, 'bench')
  const names = Array.from({ length: schedules }, (_, index) => `job-${index}`)
  const onTheHour = (made: CronJob): CronJob => {
    const number = Number(made.metadata?.name?.slice('job-'.length))
    return { ...made, spec: { ...(made.spec ?? { jobTemplate: {} }), schedule: `${number % 60} * * * *` } }
  }
  await makeCronJobs(clusters.blue, arena.namespace.blue, names, onTheHour)
  const sides = arena.connect(await connect())
  for (const { claims } of [sides.blue, sides.green]) await claims.claim('shop', 1, AbortSignal.timeout(minute))
  for (let from = 0; from < names.length; from += 50)
    await Promise.all(
      names
        .slice(from, from + 50)
        .map((name) => carriedOut({ kind: 'provision' }, contextOf(sides, name, { version: 1 }))),
    )
  const { sent } = countRequests()
  const results: Result[] = []
  const startedAt = performance.now()
  /** Waves of which a schedule waits until its tick is over: it comes to the barrier by itself, seconds later. */
  let parted = 0
  for (let from = 0; from < names.length; from += perWave) {
    if (names.slice(from, from + perWave).some((_, index) => isNearTick((from + index) % 60))) parted += 1
    results.push(
      ...(await Promise.all(
        names.slice(from, from + perWave).map(async (name) => {
          const context = contextOf(sides, name, { version: 2, limits: { quietMs } })
          // What a handoff reports.
          return (await carriedOut({ kind: 'schedule', owner: 'green' }, context)) as Result
        }),
      )),
    )
  }
  const seconds = (performance.now() - startedAt) / 1_000
  const asked = sent.filter(({ isWatch }) => !isWatch)
  const waves = Math.ceil(names.length / perWave)
  const barriers = asked.filter(
    ({ method, path }) => method === 'DELETE' && path.includes('/jobs/titrate-probe-'),
  ).length
  const fenced = results.reduce((sum, one) => sum + one.fenced.length, 0)
  const pauses = results.flatMap(({ pauseMs }) => (pauseMs === null ? [] : [pauseMs]))
  console.log(`${names.length} schedules in ${waves} waves of ${perWave}: ${seconds.toFixed(0)} s; ${byKind(asked)}`)
  console.log(`pause p50 ${quantile(pauses, 0.5)} ms, longest ${Math.max(...pauses)} ms, ${pauses.length} measured`)
  limit('requests of one handoff beside the ticks fenced', (asked.length - fenced) / names.length, 15)
  console.log(`${barriers} passes of the barrier; in ${parted} waves a schedule waited for its tick to be over`)
  limit('passes of the barrier in one wave, but for those', (barriers - parted) / waves, 1)
  limit('pause p99', quantile(pauses, 0.99), 2_000, ' ms')

  const look = async () => {
    for (const { schedules: read, workloads } of [sides.blue, sides.green]) {
      await workloads.list(AbortSignal.timeout(5_000))
      for (const name of names) await read.read(name, AbortSignal.timeout(5_000))
    }
  }
  // The first look begins the watches.
  await look()
  const askedSoFar = () => sent.filter(({ isWatch, path }) => !isWatch && !isAskedEachMinute(path)).length
  const before = askedSoFar()
  const until = systemClock.now() + 5_000
  while (systemClock.now() < until) {
    await look()
    await systemClock.sleep(systemClock.now() + 500, AbortSignal.timeout(minute))
  }
  limit('requests of turns that only look', askedSoFar() - before, 0)
  arena.end()
})
process.exit()
