import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { hasClusters, okOf, soon } from './clusters.ts'
import { openWholeEstate, type WholeEstate, wholePolicy } from './open-whole-estate.ts'
import { estateOfAllKinds } from './whole-estate.ts'

const { exposed, internal, workers, jobs } = estateOfAllKinds
const moving = exposed.length + internal.length + workers.length + jobs.length

describe.skipIf(!hasClusters)('an estate of all kinds, between two clusters', () => {
  let whole: WholeEstate
  let before: Awaited<ReturnType<WholeEstate['blue']>>
  beforeAll(async () => {
    whole = await openWholeEstate('estate', estateOfAllKinds)
    before = await whole.blue()
  })
  afterAll(() => whole?.close())

  it('is told and planned whole, with what stays and why', async () => {
    const { estate } = whole
    const { namespace } = estate
    const out = await whole.init('estate', { policy: wholePolicy })
    for (const { name } of exposed) expect(out).toContain(`${name}  exposed, not on green`)
    for (const { name } of internal) expect(out).toContain(`${name}  internal, not on green`)
    for (const { name } of workers) expect(out).toContain(`${name}  worker, not on green`)
    for (const { name } of jobs) expect(out).toContain(`${name}  job, not on green`)
    expect(out).toContain('managed by KEDA')
    expect(out).toContain('managed by HPA')
    expect(out).toContain('why: it has a schedule, * * * * * (Asia/Tokyo)')
    expect(out).toContain("can't be moved as it is: it keeps data of its own (ledger), which stays where it is")
    expect(out).toContain(`stays: DaemonSet ${namespace}/agent: it belongs to the nodes`)
    expect(out).toContain(`stays: Job ${namespace}/migrate: a Job without a CronJob runs once`)
    expect(moving + 3).toBeGreaterThanOrEqual(30)
    const check = await estate.titrate('check')
    expect({ code: check.code, out: check.out }).toMatchObject({ code: 0 })
    const plan = await estate.titrate('plan')
    expect({ code: plan.code, err: plan.err }).toMatchObject({ code: 0 })
    expect(plan.out).toContain(`${moving} services from blue/`)
    expect(plan.out).toContain('in 3 waves')
    expect(await whole.blue()).toEqual(before)
    expect(await whole.ours()).toEqual([])
  })

  it('goes to green, without a failed request, a worker too many, or a tick of two', async () => {
    for (const { name } of workers) whole.workers.most(name)
    const engine = whole.estate.start('run', '--yes')
    // One that never gets there is left, and what it said is told.
    const limit = setTimeout(() => engine.kill('SIGTERM'), 200_000)
    const { code, err } = await engine.ended
    clearTimeout(limit)
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('the release ended done') })
    await whole.expectSchedules('green')
    expect(await whole.weights()).toEqual(exposed.flatMap(({ name }) => [`${name} 0`, `${name}-green 100`]).toSorted())
    for (const { name, replicas, by } of workers) {
      const most = whole.workers.most(name)
      // The side that grows is ready before the other one shrinks; what has a number stops first.
      const step = by === 'StatefulSet' ? 0 : Math.ceil(replicas / 2)
      expect(most.together, `${name}: ${JSON.stringify(most)}`).toBeLessThanOrEqual(replicas + step)
      expect(most.green, name).toBeLessThanOrEqual(replicas)
      expect([name, whole.workers.on('blue', name)]).toEqual([name, []])
      expect(whole.workers.on('green', name).length, name).toBeGreaterThan(0)
    }
    const { client } = whole.estate.clusters.green
    const onGreen = await okOf(
      client.list(kinds.deployments, { namespace: whole.estate.namespace }, { signal: soon() }),
    )
    expect(onGreen.items.map(({ metadata }) => metadata?.name)).not.toContain('ledger')
    whole.expectServed()
  }, 400_000)

  it('comes back, and leaves blue as it was', async () => {
    const { code, err } = await whole.estate.titrate('rollback', '--yes', '--because', 'this is a drill')
    expect({ code, err }).toMatchObject({ code: 0 })
    await whole.expectSchedules('blue')
    expect(await whole.ours()).toEqual([])
    expect(await whole.blue()).toEqual(before)
    for (const { name, replicas } of workers) {
      const most = whole.workers.most(name)
      expect(Math.max(most.blue, most.green), `${name}: ${JSON.stringify(most)}`).toBeLessThanOrEqual(replicas)
      expect([name, whole.workers.on('green', name)]).toEqual([name, []])
    }
    expect([...whole.workers.twice]).toEqual([])
    const ticks = await whole.ticks('blue')
    expect(ticks).toMatchObject({ duplicates: [], misses: [] })
    expect(ticks.onGreen).toBeGreaterThanOrEqual(jobs.length - 1)
    whole.expectServed()
    expect((await whole.estate.titrate('ledger')).code).toBe(0)
  }, 400_000)
})
