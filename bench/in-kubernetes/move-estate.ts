/** The engine of the bench `kubernetes-motion`: a program of its own, so that its memory is nothing but the engine's. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runEngine } from '../../src/engine/engine.ts'
import type { CarryOutWork } from '../../src/engine/runner.ts'
import { createCarryOutWork } from '../../src/main/carry-out-work.ts'
import { systemClock as clock } from '../../src/main/clock.ts'
import { keepHeapSmall } from '../../src/main/small-heap.ts'
import { withWayToGreen } from '../../src/main/way-to-green.ts'
import type { Plan, Step } from '../../src/plan/plan.ts'
import { connectCluster } from '../../src/providers/kubernetes/client/connect.ts'
import { openStore } from '../../src/store/open.ts'
import { connectRouter } from '../../test/kubernetes/connect-router.ts'
import { connectSide } from '../../test/kubernetes/connect-side.ts'
import { realDeps } from '../../test/kubernetes/connect-to.ts'
import { benchEngine } from '../in-memory/bench-engine.ts'
import { createInstantWorld, manyExposed, productPace } from '../in-memory/instant-world.ts'
import { answerParent } from './answer-parent.ts'
import { hearRequests, inWords, kindOf, type Sent } from './count-requests.ts'

export type MotionOrder = {
  readonly kubeconfig: string
  readonly blue: string
  readonly green: string
  readonly services: number
  readonly measureMs: number
}
export type Memory = { readonly resident: number; readonly heap: number; readonly heapUsed: number }
export type Motion = {
  /** How long after a step was due its weight was sent to the API server. */
  readonly lateMs: readonly number[]
  readonly requests: number
  readonly byKind: string
  /** In megabytes, when most was resident. */
  readonly memory: Memory
  readonly cpuSecondsAMinute: number
  readonly weightsOrdered: number
  /** How long it took until every service had its last weight; null: it was not over. */
  readonly allMs: number | null
}

const hour = 3_600_000
const pace = { ...productPace, spreadMs: 0 }

/** As in the bench of the engine, with one replica, as pods are not what is measured, and the product's own limit of a step. */
const planOf = ({ services }: MotionOrder): Plan => {
  const plan = manyExposed({ services, ...pace })
  // Moves share their steps, as in every plan.
  const made = new Map<readonly Step[], readonly Step[]>()
  const stepsOf = (steps: readonly Step[]): readonly Step[] => {
    const own = made.get(steps) ?? steps.map((step) => ({ ...step, ...goalOf(step), limitMs: hour }))
    made.set(steps, own)
    return own
  }
  const moves = Object.entries(plan.moves).map(
    ([service, move]) => [service, { ...move, replicas: 1, steps: stepsOf(move.steps) }] as const,
  )
  return { ...plan, release: 'bench', moves: Object.fromEntries(moves) }
}
const goalOf = ({ goal }: Step): Partial<Step> =>
  goal?.kind === 'workload' ? { goal: { ...goal, blue: 1, green: 1 } } : {}

/** A weight on its way: when it was due and when it was sent, as soon as these are known. */
type OnItsWay = { readonly service: string; dueAt: number | null; sentAt: number | null }

/** How late weights are sent: from when the turn that ordered them was due, up to the first write of the route since. */
const measureWeights = () => {
  const lateMs: number[] = []
  const ordered = new Set<string>()
  /** Of the turn that is being made: its end says when it was due. */
  let fresh: OnItsWay[] = []
  const onTheirWay = new Map<string, OnItsWay>()
  const look = (one: OnItsWay): void => {
    if (one.dueAt === null || one.sentAt === null) return
    lateMs.push(one.sentAt - one.dueAt)
    if (onTheirWay.get(one.service) === one) onTheirWay.delete(one.service)
  }
  return {
    lateMs,
    ordered: (intent: string, service: string): void => {
      if (ordered.has(intent)) return
      ordered.add(intent)
      const one = { service, dueAt: null, sentAt: null }
      fresh.push(one)
      onTheirWay.set(service, one)
    },
    turned: ({ tookMs, lateMs: late }: { readonly tookMs: number; readonly lateMs: number | null }): void => {
      const dueAt = performance.now() - tookMs - (late ?? 0)
      for (const one of fresh) {
        one.dueAt = dueAt
        look(one)
      }
      fresh = []
    },
    sent: ({ method, path, at }: Sent): void => {
      const service = method === 'PATCH' ? /\/httproutes\/(service-\d+)\?/.exec(path)?.[1] : undefined
      const one = service === undefined ? undefined : onTheirWay.get(service)
      if (one === undefined || one.sentAt !== null) return
      one.sentAt = at
      look(one)
    },
    count: () => ordered.size,
  }
}

const megabytes = (bytes: number): number => bytes / 1024 / 1024

const measureMemory = () => {
  let most: Memory = { resident: 0, heap: 0, heapUsed: 0 }
  const timer = setInterval(() => {
    const resident = megabytes(process.memoryUsage.rss())
    if (resident <= most.resident) return
    const { heapTotal, heapUsed } = process.memoryUsage()
    most = { resident, heap: megabytes(heapTotal), heapUsed: megabytes(heapUsed) }
  }, 100)
  return {
    end: (): Memory => {
      clearInterval(timer)
      return most
    },
  }
}

const move = async (order: MotionOrder): Promise<Motion> => {
  keepHeapSmall()
  const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-'))
  const cluster = await connectCluster({ file: order.kubeconfig, context: null }, realDeps)
  const sideOf = (side: 'blue' | 'green') => connectSide({ blue: cluster, green: cluster }, order, side)
  const gateway = connectRouter(cluster, order.blue, {
    green: { kind: 'namespace', namespaces: { [order.blue]: order.green }, suffix: '' },
  })
  const weights = measureWeights()
  const counts = new Map<string, number>()
  hearRequests((sent) => {
    if (sent.isWatch) return
    weights.sent(sent)
    counts.set(kindOf(sent), (counts.get(kindOf(sent)) ?? 0) + 1)
  })
  const store = await openStore({ file: join(folder, 'journal.db'), release: 'bench' })
  const plan = planOf(order)
  const instant = createInstantWorld(plan, pace, clock)
  const world = {
    // With the way for testers and probes, as a release has it.
    sides: { blue: sideOf('blue'), green: withWayToGreen(sideOf('green'), gateway) },
    router: { claims: gateway.claims, traffic: gateway.traffic },
    metrics: instant.world.metrics,
  }
  const really = createCarryOutWork({ world, clock, runTest: () => Promise.reject(new Error('there are no tests')) })
  /** The world in memory only has to know, for what it tells of metrics. */
  const carryOut = (...given: Parameters<typeof really>): CarryOutWork => {
    const [act, tell] = [really(...given), instant.carryOut()]
    return async (work, memo, signal) => {
      if (work.lane.goal.kind === 'weights') weights.ordered(work.intent, work.service)
      const attempt = await act(work, memo, signal)
      if (attempt.kind === 'done') await tell(work, memo, signal)
      return attempt
    }
  }
  const stop = new AbortController()
  const engine = benchEngine(store, clock, { world, plan, carryOut, turned: weights.turned })
  const running = runEngine(engine, stop.signal)
  const memory = measureMemory()
  const from = process.cpuUsage()
  const startedAt = performance.now()
  let allMs: number | null = null
  const everySecond = setInterval(() => {
    if (allMs === null && instant.atFull() === order.services) allMs = performance.now() - startedAt
  }, 1_000)
  await Promise.race([running, clock.sleep(clock.now() + order.measureMs, stop.signal)])
  const used = process.cpuUsage(from)
  const minutes = (performance.now() - startedAt) / 60_000
  const most = memory.end()
  clearInterval(everySecond)
  stop.abort()
  await running
  await store.close()
  await cluster.close()
  rmSync(folder, { recursive: true, force: true })
  return {
    lateMs: weights.lateMs,
    requests: [...counts.values()].reduce((sum, each) => sum + each, 0),
    byKind: inWords(counts),
    memory: most,
    cpuSecondsAMinute: (used.user + used.system) / 1e6 / minutes,
    weightsOrdered: weights.count(),
    allMs,
  }
}

answerParent(move)
