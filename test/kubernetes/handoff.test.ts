import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CarryOut, carryOut } from '../../src/engine/carry-out.ts'
import { systemClock } from '../../src/main/clock.ts'
import { noTraffic } from '../../src/main/world.ts'
import type { Side } from '../../src/moves/goal.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import { connectKubernetes, type KubernetesProvider } from '../../src/providers/kubernetes/connect-kubernetes.ts'
import { isOwnedBy, tickOf } from '../../src/providers/kubernetes/job-facts.ts'
import { createRandom } from '../../src/rehearsal/simulated-clock.ts'
import { clusterGiven, hasOwnClusters, makeNamespace, okOf, soon } from './clusters.ts'
import { connectTo } from './connect-to.ts'
import { cronJobOf } from './contract-world.ts'

const minute = 60_000
const count = 40

type Arena = {
  readonly namespace: Readonly<Record<Side, string>>
  readonly providers: Readonly<Record<Side, KubernetesProvider>>
  /** Every run that any side's controller made, by CronJob and tick, written down as it was made. */
  readonly runs: Map<string, Map<number, Side[]>>
  readonly names: readonly string[]
}

describe.skipIf(!hasOwnClusters)('handing schedules over near a tick', () => {
  const seed = Number(process.env['TITRATE_TEST_SEED'] ?? Date.now() % 1_000_000)
  const random = createRandom(seed)
  let clusters: Readonly<Record<Side, Cluster>>
  const end = new AbortController()
  beforeAll(async () => {
    clusters = { blue: await connectTo(clusterGiven('blue')), green: await connectTo(clusterGiven('green')) }
  })
  afterAll(async () => {
    process.kill(clusterGiven('blue').pids?.controllerManager ?? 0, 'SIGCONT')
    end.abort()
    await Promise.all([clusters.blue.close(), clusters.green.close()])
  })

  /** CronJobs of every minute on blue, and their copies, asleep, on green. */
  const openArena = async (hint: string): Promise<Arena> => {
    const namespace = {
      blue: await makeNamespace(clusters.blue, hint),
      green: await makeNamespace(clusters.green, hint),
    }
    const inventory = async () => ({ kind: 'refused', because: 'not read here' }) as const
    const provider = (side: Side) =>
      connectKubernetes({
        environment: { cluster: clusters[side], namespace: namespace[side], side },
        source: side === 'green' ? { cluster: clusters.blue, namespace: namespace.blue } : null,
        inventory,
      })
    const arena: Arena = {
      namespace,
      providers: { blue: provider('blue'), green: provider('green') },
      runs: new Map(),
      names: Array.from({ length: count }, (_, index) => `job-${index}`),
    }
    for (const side of ['blue', 'green'] as const) record(arena, side)
    for (const name of arena.names) {
      const made = cronJobOf(namespace.blue, name, { suspend: false })
      await okOf(clusters.blue.client.create(kinds.cronJobs, made, { signal: soon() }))
    }
    return arena
  }
  const record = ({ runs, namespace }: Arena, side: Side): void => {
    clusters[side].watches.of(kinds.jobs, { namespace: namespace[side] }).onChange((change) => {
      if (change.kind !== 'changed' || change.before !== null) return
      const owner = change.object.metadata?.ownerReferences?.find((each) => each.kind === 'CronJob')
      const tick = owner === undefined ? null : tickOf(change.object, owner.name)
      if (owner === undefined || tick === null || owner.name.startsWith('titrate-')) return
      expect(isOwnedBy(change.object, { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { uid: owner.uid } })).toBe(
        true,
      )
      const ticks = runs.get(owner.name) ?? new Map<number, Side[]>()
      runs.set(owner.name, ticks)
      ticks.set(tick, [...(ticks.get(tick) ?? []), side])
    }, end.signal)
  }
  const contextOf = (arena: Arena, name: string, version: number): CarryOut => ({
    service: name,
    ...arena.providers,
    traffic: noTraffic,
    intent: `${name}/schedule/${version}`,
    fence: { release: 'shop', epoch: 1, move: name, version },
    actUntil: Date.now() + 5 * minute,
    facts: {
      hasSchedule: true,
      suspended: false,
      missed: 'latest',
      assumeDead: null,
      knownRun: null,
      baseline: { blue: { suspended: false }, green: { suspended: true } },
    },
    clock: systemClock,
    signal: AbortSignal.timeout(4 * minute),
    // Near a tick on purpose.
    limits: { quietMs: 0 },
  })
  const carriedOut = async (goal: Parameters<typeof carryOut>[0], context: CarryOut): Promise<unknown> => {
    let memo: unknown
    let last = ''
    for (;;) {
      const attempt = await carryOut(goal, { ...context, memo })
      if (attempt.kind === 'done') return attempt.result
      if (attempt.kind !== 'waiting' && attempt.kind !== 'unknown')
        throw new Error(`${JSON.stringify(attempt)}; before: ${last}`)
      last = attempt.because
      memo = attempt.kind === 'waiting' ? attempt.memo : undefined
    }
  }
  /** The way that everybody takes: stop here, start there. */
  const naively = async ({ namespace }: Arena, name: string): Promise<void> => {
    const suspend = (side: Side, value: boolean) => {
      const patch = { kind: 'merge', body: { spec: { suspend: value } } } as const
      return okOf(
        clusters[side].client.patch(kinds.cronJobs, { namespace: namespace[side], name }, patch, { signal: soon() }),
      )
    }
    await suspend('blue', true)
    await suspend('green', false)
  }
  const until = (at: number) => pause(Math.max(0, at - Date.now()))
  const faults = ({ runs, names }: Arena, from: number, to: number) => {
    const found = { duplicates: [] as string[], misses: [] as string[], onGreen: 0 }
    for (const name of names) {
      for (let tick = from; tick <= to; tick += minute) {
        const sides = runs.get(name)?.get(tick) ?? []
        if (sides.length > 1) found.duplicates.push(`${name} at ${new Date(tick).toISOString()}: ${sides.join(', ')}`)
        if (sides.length === 0) found.misses.push(`${name} at ${new Date(tick).toISOString()}`)
        found.onGreen += sides.filter((side) => side === 'green').length
      }
    }
    return found
  }

  it('runs each tick once with a controller that is frozen at the tick, where the usual way runs some twice', async () => {
    console.log(`seed ${seed}`)
    const [ours, naive] = [await openArena('ours'), await openArena('naive')]
    for (const name of ours.names) await carriedOut({ kind: 'provision' }, contextOf(ours, name, 1))
    for (const name of naive.names) await carriedOut({ kind: 'provision' }, contextOf(naive, name, 1))
    const first = Math.ceil((Date.now() + 5_000) / minute) * minute
    const tick = first + minute
    await until(tick - 6_000)
    const controllerManager = clusterGiven('blue').pids?.controllerManager ?? 0
    const frozen = (async () => {
      await until(tick - 1_000)
      process.kill(controllerManager, 'SIGSTOP')
      await until(tick + 4_000)
      process.kill(controllerManager, 'SIGCONT')
    })()
    const offset = () => tick - 4_000 + random() * 8_000
    const handed = ours.names.map(async (name) => {
      await until(offset())
      await carriedOut({ kind: 'schedule', owner: 'green' }, contextOf(ours, name, 2))
    })
    const thrown = naive.names.map(async (name) => {
      await until(offset())
      await naively(naive, name)
    })
    await Promise.all([...handed, ...thrown, frozen])
    await until(tick + minute + 15_000)
    const [result, usual] = [faults(ours, first, tick + minute), faults(naive, first, tick + minute)]
    console.log(
      `the usual way: ${usual.duplicates.length} twice, ${usual.misses.length} missed, of ${naive.names.length * 3}`,
    )
    expect(result.duplicates).toEqual([])
    expect(result.misses).toEqual([])
    expect(result.onGreen).toBeGreaterThanOrEqual(count)
    expect(usual.duplicates.length).toBeGreaterThan(0)

    // And back again, with nothing in its way.
    await Promise.all(
      ours.names.map((name) => carriedOut({ kind: 'schedule', owner: 'blue' }, contextOf(ours, name, 3))),
    )
    const last = Math.ceil((Date.now() + 1_000) / minute) * minute
    await until(last + 15_000)
    const back = faults(ours, first, last)
    expect(back.duplicates).toEqual([])
    expect(back.misses).toEqual([])
    expect(ours.names.filter((name) => ours.runs.get(name)?.get(last)?.[0] === 'blue')).toHaveLength(count)
  }, 420_000)
})
