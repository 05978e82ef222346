/**
 * 100 schedules that run on green are taken back at once, between two real control planes, by a client that keeps to 40
 * requests a second: when green has stopped all of them, and when blue runs them.
 *
 *     npm run bench -- kubernetes-rollback          npx node bench/kubernetes-rollback.ts [schedules]
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { CronJob } from 'kubernetes-types/batch/v1.js'
import { kinds } from '../src/providers/kubernetes/client/kinds.ts'
import { carriedOut, contextOf, makeCronJobs, minute, openArena } from '../test/kubernetes/arena.ts'
import { byKind, countRequests } from './in-kubernetes/count-requests.ts'
import { limit, withPlanes } from './in-kubernetes/open-planes.ts'
import { quantile } from './in-memory/quantile.ts'

const [schedules = 100] = process.argv.slice(2).map(Number)

await withPlanes(async ({ clusters, connect }) => {
  const arena = await openArena(clusters, 'rollback')
  const names = Array.from({ length: schedules }, (_, index) => `job-${index}`)
  const daily = (made: CronJob): CronJob => ({
    ...made,
    spec: { ...(made.spec ?? { jobTemplate: {} }), schedule: `${(new Date().getUTCMinutes() + 30) % 60} * * * *` },
  })
  await makeCronJobs(clusters.blue, arena.namespace.blue, names, daily)
  const forward = arena.connect()
  for (const { claims } of [forward.blue, forward.green]) await claims.claim('shop', 1, AbortSignal.timeout(minute))
  await Promise.all(
    names.map(async (name) => {
      await carriedOut({ kind: 'provision' }, contextOf(forward, name, { version: 1 }))
      await carriedOut({ kind: 'schedule', owner: 'green' }, contextOf(forward, name, { version: 2 }))
    }),
  )
  const sides = arena.connect(await connect())
  for (const name of names)
    await Promise.all([sides.blue, sides.green].map((each) => each.schedules.read(name, AbortSignal.timeout(minute))))
  const suspendedAt = new Map<string, number>()
  const resumedAt = new Map<string, number>()
  const ended = new AbortController()
  const follow = (side: 'blue' | 'green', wanted: boolean, at: Map<string, number>) =>
    clusters[side].watches.of(kinds.cronJobs, { namespace: arena.namespace[side] }).onChange(({ object }) => {
      const name = object.metadata?.name ?? ''
      if (object.spec?.suspend === wanted && !at.has(name)) at.set(name, performance.now())
    }, ended.signal)
  const { sent } = countRequests()
  follow('green', true, suspendedAt)
  follow('blue', false, resumedAt)
  const startedAt = performance.now()
  await Promise.all(
    names.map((name) => carriedOut({ kind: 'schedule', owner: 'blue' }, contextOf(sides, name, { version: 3 }))),
  )
  // The watches may be a moment behind.
  for (const until = Date.now() + 5_000; resumedAt.size < names.length && Date.now() < until; ) await pause(20)
  ended.abort()
  const after = (at: ReadonlyMap<string, number>) => names.map((name) => (at.get(name) ?? Number.NaN) - startedAt)
  const [stopped, back] = [after(suspendedAt), after(resumedAt)]
  console.log(
    `${names.length} schedules taken back in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s; ${byKind(sent)}`,
  )
  console.log(
    `stopped on green p50 ${quantile(stopped, 0.5).toFixed(0)} ms; run on blue p50 ${quantile(back, 0.5).toFixed(0)} ms, all ${Math.max(...back).toFixed(0)} ms`,
  )
  limit('all stopped on green', Math.max(...stopped), 2_000, ' ms')
  arena.end()
})
process.exit()
