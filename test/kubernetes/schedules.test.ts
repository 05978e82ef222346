/** What the handoff of schedules meets on a real control plane, beside trouble: see `handoff.test.ts` for that. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Side } from '../../src/moves/goal.ts'
import { annotation, label } from '../../src/providers/kubernetes/annotations.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { type Arena, carriedOut, contextOf, makeCronJobs, minute, openArena } from './arena.ts'
import { clusterGiven, hasClusters, okOf, soon } from './clusters.ts'
import { connectTo } from './connect-to.ts'

const within = { timeout: 4 * minute, interval: 200 }

describe.skipIf(!hasClusters)('schedules on a real control plane', { concurrent: true, timeout: 6 * minute }, () => {
  let clusters: Readonly<Record<Side, Cluster>>
  let arena: Arena
  beforeAll(async () => {
    clusters = { blue: await connectTo(clusterGiven('blue')), green: await connectTo(clusterGiven('green')) }
    arena = await openArena(clusters, 'schedules')
  })
  afterAll(async () => {
    arena.end()
    await Promise.all([clusters.blue.close(), clusters.green.close()])
  })
  const cronJobOn = (side: Side, name: string) =>
    okOf(clusters[side].client.get(kinds.cronJobs, { namespace: arena.namespace[side], name }, { signal: soon() }))
  const ranOn = (name: string, side: Side): readonly number[] =>
    [...(arena.runs.get(name) ?? [])].filter(([, sides]) => sides.includes(side)).map(([tick]) => tick)

  it('keeps the phase of @every over a handoff and back, also between two seconds of a minute', async () => {
    await makeCronJobs(clusters.blue, arena.namespace.blue, ['every'], (made) => {
      const { timeZone: _, ...spec } = made.spec ?? { schedule: '', jobTemplate: {} }
      return { ...made, spec: { ...spec, schedule: '@every 1m' } }
    })
    const sides = arena.connect()
    const created = Date.parse((await cronJobOn('blue', 'every'))?.metadata?.creationTimestamp ?? '')
    await carriedOut({ kind: 'provision' }, contextOf(sides, 'every', { version: 1 }))
    await carriedOut({ kind: 'schedule', owner: 'green' }, contextOf(sides, 'every', { version: 2 }))
    await vi.waitFor(() => expect(ranOn('every', 'green')).toHaveLength(2), within)
    await carriedOut({ kind: 'schedule', owner: 'blue' }, contextOf(sides, 'every', { version: 3 }))
    const before = ranOn('every', 'blue').length
    await vi.waitFor(() => expect(ranOn('every', 'blue').length).toBeGreaterThan(before), within)
    const ticks = [...(arena.runs.get('every') ?? [])].toSorted(([a], [b]) => a - b)
    expect(ticks.map(([tick]) => tick)).toEqual(ticks.map((_, index) => created + (index + 1) * minute))
    expect(ticks.filter(([, on]) => on.length > 1)).toEqual([])
  })

  it('leaves a schedule suspended that was so before, on both sides, with the cursor of blue', async () => {
    await makeCronJobs(clusters.blue, arena.namespace.blue, ['resting'])
    await vi.waitFor(() => expect(ranOn('resting', 'blue')).toHaveLength(1), within)
    const place = { namespace: arena.namespace.blue, name: 'resting' }
    const patch = { kind: 'merge', body: { spec: { suspend: true } } } as const
    await okOf(clusters.blue.client.patch(kinds.cronJobs, place, patch, { signal: soon() }))
    const sides = arena.connect()
    const facts = { suspended: true }
    await carriedOut({ kind: 'provision' }, contextOf(sides, 'resting', { version: 1, facts }))
    const result = await carriedOut(
      { kind: 'schedule', owner: 'green' },
      contextOf(sides, 'resting', { version: 2, facts }),
    )
    expect(result).toMatchObject({ owner: 'green', suspended: true })
    const [onBlue, onGreen] = [await cronJobOn('blue', 'resting'), await cronJobOn('green', 'resting')]
    expect([onBlue?.spec?.suspend, onGreen?.spec?.suspend]).toEqual([true, true])
    expect(onGreen?.status?.lastScheduleTime).toBe(onBlue?.status?.lastScheduleTime)
    expect(ranOn('resting', 'green')).toEqual([])
  })

  it('knows of runs whose Jobs are gone, and how far back it does', async () => {
    await makeCronJobs(clusters.blue, arena.namespace.blue, ['fleeting'], (made) => ({
      ...made,
      spec: { ...(made.spec ?? { schedule: '', jobTemplate: {} }), successfulJobsHistoryLimit: 0 },
    }))
    const { schedules } = arena.connect().blue
    await okOf(schedules.read('fleeting', soon()))
    const reachesFrom = await okOf(schedules.recordsSince('fleeting', soon()))
    await vi.waitFor(() => expect(ranOn('fleeting', 'blue')).toHaveLength(1), within)
    const [tick = 0] = ranOn('fleeting', 'blue')
    const jobs = clusters.blue.watches.of(kinds.jobs, { namespace: arena.namespace.blue })
    await vi.waitFor(async () => {
      const there = (await okOf(jobs.ready(soon()))).list({}).map((job) => job.metadata?.name ?? '')
      expect(there.filter((name) => name.startsWith('fleeting-'))).toEqual([])
    }, within)
    expect(await okOf(schedules.runs('fleeting', 0, soon()))).toMatchObject([
      { tick, result: 'succeeded', exitCode: 0 },
    ])
    expect((await okOf(schedules.read('fleeting', soon()))).newestRun).toBe(tick)
    expect(reachesFrom).toBeLessThan(tick)
    expect(await okOf(schedules.recordsSince('fleeting', soon()))).toBe(reachesFrom)

    // Somebody who comes only now knows that it was begun, and that this is not all that there was.
    const later = arena.connect().blue.schedules
    expect(await okOf(later.runs('fleeting', 0, soon()))).toEqual([])
    expect((await okOf(later.read('fleeting', soon()))).newestRun).toBe(tick)
    expect(await okOf(later.recordsSince('fleeting', soon()))).toBeGreaterThan(tick)
  })

  it('knows of runs before it came, by what the controller told of them', async () => {
    await makeCronJobs(clusters.blue, arena.namespace.blue, ['told'])
    await vi.waitFor(() => expect(ranOn('told', 'blue')).toHaveLength(1), within)
    const [tick = 0] = ranOn('told', 'blue')
    const events = clusters.blue.watches.of(kinds.events, { namespace: arena.namespace.blue })
    await vi.waitFor(async () => {
      const told = (await okOf(events.ready(soon()))).list({}).filter((each) => each.involvedObject.name === 'told')
      expect(told.map(({ reason }) => reason)).toContain('SawCompletedJob')
    }, within)
    const name = `told-${tick / minute}`
    const place = { namespace: arena.namespace.blue, name }
    await okOf(clusters.blue.client.remove(kinds.jobs, place, { signal: soon(), dependents: 'Background' }))
    const jobs = clusters.blue.watches.of(kinds.jobs, { namespace: arena.namespace.blue })
    await vi.waitFor(async () => expect((await okOf(jobs.ready(soon()))).get(place)).toBeNull(), within)
    const { schedules } = arena.connect().blue
    const runs = await okOf(schedules.runs('told', 0, soon()))
    expect(runs.filter((run) => run.tick === tick)).toMatchObject([{ result: 'succeeded', exitCode: 0 }])
  })

  it('wakes a controller that found a tick fenced, once the tombstone is gone', async () => {
    await makeCronJobs(clusters.blue, arena.namespace.blue, ['fenced'])
    const { schedules } = arena.connect().blue
    const { now } = await okOf(schedules.read('fenced', soon()))
    const [next = 0] = await okOf(schedules.ticks('fenced', now + 2_000, now + 2 * minute, soon()))
    const call = (version: number) => {
      const { fence, intent } = contextOf(arena.connect(), 'fenced', { version })
      return { fence, intent, signal: soon() }
    }
    expect(await okOf(schedules.fence(call(1), 'fenced', next))).toBe('fenced')
    // The controller looks once at the tick, finds its name taken, and looks no more.
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(next + 5_000), within)
    expect(await okOf(schedules.unfence(call(2), 'fenced', next - 1))).toEqual({ removed: [next] })
    // Told to look, it catches the tick up.
    await vi.waitFor(() => expect(ranOn('fenced', 'blue')).toContain(next), { timeout: 20_000, interval: 100 })
  })

  it('leaves nothing of ours behind in an environment that was given free', async () => {
    const own = await openArena(clusters, 'freed')
    await makeCronJobs(clusters.blue, own.namespace.blue, ['kept'])
    const sides = own.connect()
    await okOf(sides.blue.claims.claim('shop', 1, soon()))
    await carriedOut({ kind: 'provision' }, contextOf(sides, 'kept', { version: 1 }))
    await carriedOut({ kind: 'schedule', owner: 'green' }, contextOf(sides, 'kept', { version: 2 }))
    const left = async () => {
      const place = { namespace: own.namespace.blue }
      const jobs = await okOf(
        clusters.blue.client.list(kinds.jobs, { ...place, labels: label.tombstone }, { signal: soon() }),
      )
      const cronJobs = await okOf(clusters.blue.client.list(kinds.cronJobs, place, { signal: soon() }))
      return {
        tombstones: jobs.items.length,
        cronJobs: cronJobs.items.map((each) => each.metadata?.name),
        stamps: cronJobs.items.filter((each) => each.metadata?.annotations?.[annotation.stamp] !== undefined).length,
      }
    }
    const before = await left()
    expect(before).toMatchObject({ cronJobs: ['kept', 'titrate-probe'], stamps: 1 })
    expect(before.tombstones).toBeGreaterThan(0)
    await okOf(sides.blue.claims.free('shop', 1, AbortSignal.timeout(minute)))
    expect(await left()).toEqual({ tombstones: 0, cronJobs: ['kept'], stamps: 0 })
    own.end()
  })
})
