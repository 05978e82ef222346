import { setTimeout as pause } from 'node:timers/promises'
import type { CronJob } from 'kubernetes-types/batch/v1.js'
import { type CarryOut, carryOut, type ProtocolGoal, type SidePorts } from '../../src/engine/carry-out.ts'
import { systemClock } from '../../src/main/clock.ts'
import { noTraffic } from '../../src/main/world.ts'
import { type Side, sides } from '../../src/moves/goal.ts'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { KubernetesProvider } from '../../src/providers/kubernetes/connect-kubernetes.ts'
import { tickOf } from '../../src/providers/kubernetes/job-facts.ts'
import { makeNamespace, okOf, soon } from './clusters.ts'
import { connectSide } from './connect-side.ts'
import { cronJobOf } from './contract-world.ts'

export const minute = 60_000

export const until = (at: number): Promise<void> => pause(Math.max(0, at - Date.now()))

type Clusters = Readonly<Record<Side, Cluster>>

/** By CronJob and tick, on which sides it ran. */
export type Runs = Map<string, Map<number, Side[]>>

/** Writes down every run that a CronJob controller makes in a namespace of each side, until the signal. */
export const followRuns = (
  clusters: Clusters,
  namespace: Readonly<Record<Side, string>>,
  runs: Runs,
  signal: AbortSignal,
): void => {
  for (const side of sides)
    clusters[side].watches.of(kinds.jobs, { namespace: namespace[side] }).onChange((change) => {
      if (change.kind !== 'changed' || change.before !== null) return
      const owner = change.object.metadata?.ownerReferences?.find((each) => each.kind === 'CronJob')
      const tick = owner === undefined ? null : tickOf(change.object, owner.name)
      if (owner === undefined || tick === null || owner.name.startsWith('titrate-')) return
      const ticks = runs.get(owner.name) ?? new Map<number, Side[]>()
      runs.set(owner.name, ticks)
      ticks.set(tick, [...(ticks.get(tick) ?? []), side])
    }, signal)
}

/** Two namespaces of real clusters, with every run written down that a CronJob controller makes in them. */
export type Arena = {
  readonly namespace: Readonly<Record<Side, string>>
  readonly runs: ReadonlyMap<string, ReadonlyMap<number, readonly Side[]>>
  /** Connects as an engine would: by other connections too, if they are given. */
  connect(clusters?: Clusters): Readonly<Record<Side, KubernetesProvider>>
  end(): void
}

/** `clusters`: connections that nothing disturbs, for what is written down. */
export const openArena = async (clusters: Clusters, hint: string): Promise<Arena> => {
  const namespace = {
    blue: await makeNamespace(clusters.blue, hint),
    green: await makeNamespace(clusters.green, hint),
  }
  const ended = new AbortController()
  const runs: Runs = new Map()
  followRuns(clusters, namespace, runs, ended.signal)
  return {
    namespace,
    runs,
    connect: (through = clusters) => ({
      blue: connectSide(through, namespace, 'blue'),
      green: connectSide(through, namespace, 'green'),
    }),
    end: () => ended.abort(),
  }
}

/** Makes CronJobs on blue; `change`: what they have beside a tick every minute. */
export const makeCronJobs = (
  { client }: Cluster,
  namespace: string,
  names: readonly string[],
  change: (made: CronJob) => CronJob = (made) => made,
): Promise<readonly CronJob[]> =>
  Promise.all(
    names.map((name) =>
      okOf(
        client.create(kinds.cronJobs, change(cronJobOf(namespace, name, { suspend: false })), {
          signal: AbortSignal.timeout(60_000),
        }),
      ),
    ),
  )

export type Handing = {
  readonly epoch?: number
  readonly version: number
  readonly facts?: Partial<CarryOut['facts']>
  readonly limits?: CarryOut['limits']
  readonly limitMs?: number
}

export const contextOf = (sides: Readonly<Record<Side, SidePorts>>, name: string, handing: Handing): CarryOut => ({
  service: name,
  ...sides,
  traffic: noTraffic,
  intent: `${name}/schedule/${handing.version}`,
  fence: { release: 'shop', epoch: handing.epoch ?? 1, move: name, version: handing.version },
  actUntil: Date.now() + (handing.limitMs ?? 5 * minute),
  facts: {
    hasSchedule: true,
    suspended: false,
    missed: 'all',
    assumeDead: null,
    knownRun: null,
    baseline: { blue: { suspended: false }, green: { suspended: true } },
    ...handing.facts,
  },
  clock: systemClock,
  signal: AbortSignal.timeout(handing.limitMs ?? 5 * minute),
  // Near a tick on purpose.
  limits: { quietMs: 0, ...handing.limits },
})

/** As the engine's runner does: again after what is unknown, and when a wait is over. */
export const carriedOut = async (goal: ProtocolGoal, context: CarryOut): Promise<unknown> => {
  let memo: unknown
  let last = 'nothing'
  for (;;) {
    const attempt = await carryOut(goal, { ...context, memo })
    if (attempt.kind === 'done') return attempt.result
    if (attempt.kind !== 'waiting' && attempt.kind !== 'unknown')
      throw new Error(`${context.service}: ${JSON.stringify(attempt)}; before: ${last}`)
    last = attempt.because
    memo = attempt.kind === 'waiting' ? attempt.memo : undefined
    if (attempt.kind === 'waiting') await until(attempt.until)
  }
}

/** The way that everybody takes: stop here, start there. */
export const handNaively = async (clusters: Clusters, { namespace }: Arena, name: string): Promise<void> => {
  const suspend = (side: Side, value: boolean) => {
    const patch = { kind: 'merge', body: { spec: { suspend: value } } } as const
    return okOf(
      clusters[side].client.patch(kinds.cronJobs, { namespace: namespace[side], name }, patch, { signal: soon() }),
    )
  }
  await suspend('blue', true)
  await suspend('green', false)
}

/** What is wrong with the ticks from one to another, in words, and how many ran on green. */
export const countTicks = ({ runs }: Pick<Arena, 'runs'>, names: readonly string[], from: number, to: number) => {
  const found = { ticks: 0, duplicates: [] as string[], misses: [] as string[], onGreen: 0 }
  for (const name of names)
    for (let tick = from; tick <= to; tick += minute) {
      const sides = runs.get(name)?.get(tick) ?? []
      found.ticks += 1
      if (sides.length > 1) found.duplicates.push(`${name} at ${new Date(tick).toISOString()}: ${sides.join(', ')}`)
      if (sides.length === 0) found.misses.push(`${name} at ${new Date(tick).toISOString()}`)
      found.onGreen += sides.filter((side) => side === 'green').length
    }
  return found
}
