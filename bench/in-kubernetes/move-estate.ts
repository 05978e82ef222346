/** The engine of the bench `kubernetes-motion`: a program of its own, so that its memory is nothing but the engine's. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runEngine } from '../../src/engine/engine.ts'
import type { CarryOutWork } from '../../src/engine/runner.ts'
import { createCarryOutWork } from '../../src/main/carry-out-work.ts'
import { systemClock as clock } from '../../src/main/clock.ts'
import { keepHeapSmall } from '../../src/main/small-heap.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { connectCluster } from '../../src/providers/kubernetes/client/connect.ts'
import { connectGateway } from '../../src/providers/kubernetes/gateway/connect-gateway.ts'
import { openStore } from '../../src/store/open.ts'
import { connectSide } from '../../test/kubernetes/connect-side.ts'
import { realDeps } from '../../test/kubernetes/connect-to.ts'
import { benchEngine } from '../in-memory/bench-engine.ts'
import { createInstantWorld, manyExposed, productPace } from '../in-memory/instant-world.ts'
import { byKind, countRequests, type Sent } from './count-requests.ts'

export type MotionOrder = {
  readonly kubeconfig: string
  readonly blue: string
  readonly green: string
  readonly services: number
  /** Services come in over this time. */
  readonly spreadMs: number
  readonly measureMs: number
}
export type Motion = {
  /** How long after a step was due its weight was sent to the API server. */
  readonly lateMs: readonly number[]
  readonly requests: number
  /** Of them, asked of the API for moves that were begun. */
  readonly moved: number
  readonly byKind: string
  readonly peakMegabytes: number
  readonly cpuSecondsAMinute: number
  readonly weightsOrdered: number
}

/** As in the bench of the engine, with one replica: pods are not what is measured. */
const planOf = ({ services, spreadMs }: MotionOrder): Plan => {
  const plan = manyExposed({ services, ...productPace, spreadMs })
  const moves = Object.entries(plan.moves).map(([service, move]) => {
    const steps = move.steps.map((step) =>
      step.goal?.kind === 'workload' ? { ...step, goal: { ...step.goal, blue: 1, green: 1 } } : step,
    )
    return [service, { ...move, replicas: 1, steps }] as const
  })
  return { ...plan, release: 'bench', moves: Object.fromEntries(moves) }
}

const move = async (order: MotionOrder): Promise<Motion> => {
  keepHeapSmall()
  const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-'))
  const cluster = await connectCluster({ file: order.kubeconfig, context: null }, realDeps)
  const sideOf = (side: 'blue' | 'green') => connectSide({ blue: cluster, green: cluster }, order, side)
  const gateway = connectGateway({
    cluster,
    routes: [order.blue],
    blue: {
      namespaces: [order.blue],
      serviceAt: async ({ name }) => ({ kind: 'ok', value: name }),
      isGreen: () => false,
    },
    green: { kind: 'namespace', namespaces: { [order.blue]: order.green }, suffix: '' },
    named: {},
    test: { header: 'titrate-side', value: 'green', cookie: null },
    sight: null,
    split: null,
    follow: null,
    elapsed: () => performance.now(),
  })
  const { sent } = countRequests()
  const store = await openStore({ file: join(folder, 'journal.db'), release: 'bench' })
  const plan = planOf(order)
  const pace = { ...productPace, spreadMs: order.spreadMs }
  const instant = createInstantWorld(plan, pace, clock)
  const world = {
    sides: { blue: sideOf('blue'), green: sideOf('green') },
    router: { claims: gateway.claims, traffic: gateway.traffic },
    metrics: instant.world.metrics,
  }
  const really = createCarryOutWork({ world, clock, runTest: () => Promise.reject(new Error('there are no tests')) })
  /** Weights that were ordered: when they were due. */
  const ordered = new Map<string, { readonly service: string; readonly dueAt: number }>()
  let turnLate = 0
  /** What the world in memory is asked for is only what it tells of metrics, and when each service comes in. */
  const carryOut = (...given: Parameters<typeof really>): CarryOutWork => {
    const [act, tell] = [really(...given), instant.carryOut()]
    const names = Object.keys(plan.moves)
    const began = clock.now()
    return async (work, memo, signal) => {
      const comesInAt = began + (order.spreadMs * names.indexOf(work.service)) / names.length
      if (work.lane.goal.kind === 'provision' && clock.now() < comesInAt) await clock.sleep(comesInAt, signal)
      if (work.lane.goal.kind === 'weights' && !ordered.has(work.intent))
        ordered.set(work.intent, { service: work.service, dueAt: performance.now() - turnLate })
      const attempt = await act(work, memo, signal)
      if (attempt.kind === 'done') await tell(work, memo, signal)
      return attempt
    }
  }
  const stop = new AbortController()
  const engine = benchEngine(store, clock, {
    world,
    plan,
    carryOut,
    // Every service waits in it for its time to come in.
    slots: order.services,
    turned: ({ lateMs }) => {
      turnLate = lateMs ?? 0
    },
  })
  const running = runEngine(engine, stop.signal)
  let peak = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 100)
  const from = process.cpuUsage()
  const startedAt = performance.now()
  await Promise.race([running, clock.sleep(clock.now() + order.measureMs, stop.signal)])
  const used = process.cpuUsage(from)
  const minutes = (performance.now() - startedAt) / 60_000
  clearInterval(watch)
  stop.abort()
  await running
  await store.close()
  await cluster.close()
  rmSync(folder, { recursive: true, force: true })
  const asked: readonly Sent[] = sent.filter(({ isWatch }) => !isWatch)
  return {
    lateMs: [...ordered.values()].flatMap((one) => lateness(asked, one)),
    requests: asked.length,
    moved: asked.filter(({ path }) => /service-\d+/.test(path)).length,
    byKind: byKind(asked),
    peakMegabytes: peak / 1024 / 1024,
    cpuSecondsAMinute: (used.user + used.system) / 1e6 / minutes,
    weightsOrdered: ordered.size,
  }
}

/** Up to the first write of that route since; nothing where the bench ended before it. */
const lateness = (
  asked: readonly Sent[],
  { service, dueAt }: { readonly service: string; readonly dueAt: number },
): readonly number[] => {
  const written = asked.find(
    ({ method, path, at }) => at >= dueAt && method === 'PATCH' && path.includes(`/httproutes/${service}?`),
  )
  return written === undefined ? [] : [written.at - dueAt]
}

process.once('message', (order: MotionOrder) => {
  move(order)
    .then((motion) => process.send?.(motion, () => process.exit(0)))
    .catch((error: unknown) => {
      console.error(error)
      process.exit(1)
    })
})
