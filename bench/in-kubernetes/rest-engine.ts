/** The engine of the bench `kubernetes-rest`: a program of its own, so that its time and memory are nothing but the engine's. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runEngine } from '../../src/engine/engine.ts'
import { createCarryOutWork } from '../../src/main/carry-out-work.ts'
import { systemClock as clock } from '../../src/main/clock.ts'
import { keepHeapSmall } from '../../src/main/small-heap.ts'
import type { Side } from '../../src/moves/goal.ts'
import { movePlan, smallPlan } from '../../src/moves/testing/small-world.ts'
import type { MovePlan, Plan } from '../../src/plan/plan.ts'
import { connectCluster } from '../../src/providers/kubernetes/client/connect.ts'
import { openStore } from '../../src/store/open.ts'
import { connectSide } from '../../test/kubernetes/connect-side.ts'
import { realDeps } from '../../test/kubernetes/connect-to.ts'
import { benchEngine } from '../in-memory/bench-engine.ts'
import { answerParent } from './answer-parent.ts'
import { hearRequests, inWords, kindOf } from './count-requests.ts'

export type RestOrder = {
  readonly kubeconfigs: Readonly<Record<Side, string>>
  readonly namespaces: Readonly<Record<Side, string>>
  /** By name, what they are. */
  readonly services: readonly (readonly [string, 'internal' | 'job'])[]
  /** Until the controllers have said all that there is to say of what was made. */
  readonly settleMs: number
  readonly measureMs: number
}
export type Rest = {
  readonly cpuSecondsAMinute: number
  readonly requests: number
  readonly byKind: string
  readonly watches: number
  readonly turnsAMinute: number
  readonly megabytes: number
}

const hour = 3_600_000

/** Every move waits for a person before anything of it is done. */
const planOf = ({ services }: RestOrder): Plan => {
  const waiting = ({ steps, ...move }: MovePlan): MovePlan => ({
    ...move,
    steps: steps.map((step, index) => ({
      ...step,
      limitMs: hour,
      before: index === 0 ? [{ kind: 'approval', name: 'begin' }] : step.before,
    })),
  })
  return {
    ...smallPlan({ parallelMs: 0 }),
    release: 'bench',
    waves: [{ number: 1, services: services.map(([name]) => name), phase: 'non-exposed', why: '' }],
    moves: Object.fromEntries(services.map(([name, kind]) => [name, waiting(movePlan(name, kind, 1, []))])),
  }
}

const rest = async (order: RestOrder): Promise<Rest> => {
  keepHeapSmall()
  const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-'))
  const connect = (side: Side) => connectCluster({ file: order.kubeconfigs[side], context: null }, realDeps)
  const clusters = { blue: await connect('blue'), green: await connect('green') }
  const sideOf = (side: Side) => connectSide(clusters, order.namespaces, side)
  const counts = new Map<string, number>()
  const asked = { requests: 0, watches: 0 }
  hearRequests((sent) => {
    asked[sent.isWatch ? 'watches' : 'requests'] += 1
    counts.set(kindOf(sent), (counts.get(kindOf(sent)) ?? 0) + 1)
  })
  const store = await openStore({ file: join(folder, 'journal.db'), release: 'bench' })
  const world = { sides: { blue: sideOf('blue'), green: sideOf('green') }, router: null, metrics: null }
  const carryOut = createCarryOutWork({ world, clock, runTest: () => Promise.reject(new Error('there are no tests')) })
  const stop = new AbortController()
  let turns = 0
  const turned = (): void => {
    turns += 1
  }
  const running = runEngine(benchEngine(store, clock, { world, plan: planOf(order), carryOut, turned }), stop.signal)
  await Promise.race([running, clock.sleep(clock.now() + order.settleMs, stop.signal)])
  counts.clear()
  const before = { ...asked, turns, cpu: process.cpuUsage() }
  await Promise.race([running, clock.sleep(clock.now() + order.measureMs, stop.signal)])
  const used = process.cpuUsage(before.cpu)
  const minutes = order.measureMs / 60_000
  const found: Rest = {
    cpuSecondsAMinute: (used.user + used.system) / 1e6 / minutes,
    requests: asked.requests - before.requests,
    watches: asked.watches - before.watches,
    byKind: inWords(counts),
    turnsAMinute: (turns - before.turns) / minutes,
    megabytes: process.memoryUsage.rss() / 1024 / 1024,
  }
  stop.abort()
  await running
  await store.close()
  await Promise.all([clusters.blue.close(), clusters.green.close()])
  rmSync(folder, { recursive: true, force: true })
  return found
}

answerParent(rest)
