import { type CarryOut, carryOut, type ProtocolGoal, type SidePorts } from '../../engine/carry-out.ts'
import type { Schedules, Traffic, Workloads } from '../../engine/ports.ts'
import type { Millis, Side } from '../../moves/goal.ts'
import { type Caller, defaultLatencies, Killed, noFaults } from '../../rehearsal/simulated-calls.ts'
import { createRandom, createSimulatedClock, type SimulatedClock } from '../../rehearsal/simulated-clock.ts'
import { createSimulatedRouter } from '../../rehearsal/simulated-router.ts'
import {
  createSimulatedSchedules,
  type SimulatedScheduler,
  supervisorLike,
} from '../../rehearsal/simulated-schedules.ts'
import { createSimulatedWorkloads } from '../../rehearsal/simulated-workloads.ts'
import { every } from '../../rehearsal/timetable.ts'
import type { Attempt } from '../drive.ts'
import { createFaultyPorts, type PortFault } from './faulty-ports.ts'

export const service = 'one'
const start = Date.UTC(2026, 0, 7, 12, 0, 0)

export type WorldOptions = {
  readonly scheduler?: SimulatedScheduler
  readonly periodMs?: Millis
  /** When the order is given, counted from a tick. */
  readonly fromTickMs?: Millis
  readonly concurrency?: 'Allow' | 'Forbid'
  /** Replicas at the beginning; null: it does not exist there. */
  readonly replicas?: Readonly<Record<Side, number | null>>
  readonly weight?: number
  readonly greenReady?: boolean
}

/** Both sides and a router on one simulated clock, without a fault of their own. */
export const createWorld = (options: WorldOptions) => {
  const clock = createSimulatedClock(start)
  const random = createRandom(1)
  const caller: Caller = { clock, random, faults: noFaults, latencies: defaultLatencies }
  const scheduler = options.scheduler ?? supervisorLike
  const periodMs = options.periodMs ?? 5_000
  const side = (of: Side) => ({
    schedules: createSimulatedSchedules({
      ...{ side: of, clock, random, scheduler, horizonMs: 2 * periodMs },
      schedules: [
        {
          ...{ service, timetable: every(periodMs), concurrency: options.concurrency ?? 'Allow', deadlineMs: null },
          ...{ suspended: of === 'green', runMs: 400 },
        },
      ],
    }),
    workloads: createSimulatedWorkloads({
      ...{ side: of, clock },
      workloads: [
        {
          ...{ service, replicas: options.replicas?.[of] ?? null, version: '1' },
          ...{ startMs: 700, drainMs: 300, neverReady: false },
        },
      ],
    }),
  })
  const blue = side('blue')
  const green = side('green')
  const weightsSet: number[] = []
  const router = createSimulatedRouter({
    routes: [{ service, green: options.weight ?? 0 }],
    ready: (_, of) => of === 'blue' || (options.greenReady ?? true),
    log: (_, weight) => void weightsSet.push(weight),
  })
  const portsOf = (of: typeof blue): SidePorts => ({
    schedules: of.schedules.portsFor(caller),
    workloads: of.workloads.portsFor(caller),
  })
  /** Lets so much time pass as an answer takes. */
  const answered = async <T>(answer: Promise<T>): Promise<T> => {
    await clock.runUntil(clock.now() + 10 * defaultLatencies.callMs)
    return answer
  }
  return {
    clock,
    answered,
    periodMs,
    sides: { blue, green },
    ports: { blue: portsOf(blue), green: portsOf(green), traffic: router.portsFor(caller) },
    weightsSet,
  }
}

export type StoppedWorld = ReturnType<typeof createWorld>
type Ports = { readonly blue: SidePorts; readonly green: SidePorts; readonly traffic: Traffic }

export type Order = { readonly goal: ProtocolGoal; readonly hasSchedule?: boolean }

/** Longer than an engine waits before it tries again, shorter than the limit of any order. */
const lateMs = 4_000
const retryMs = 250
const restartMs = 700
const longestMs = 120_000

const contextOf = (
  clock: SimulatedClock,
  ports: Ports,
  order: Order,
  by: { epoch: number; version: number },
  signal: AbortSignal,
): CarryOut => ({
  ...{ service, ...ports, signal },
  intent: `${service}/${by.version}`,
  fence: { release: 'r', epoch: by.epoch, move: service, version: by.version },
  actUntil: clock.now() + longestMs,
  facts: {
    ...{ hasSchedule: order.hasSchedule ?? false, suspended: false, missed: 'all', assumeDead: null, knownRun: null },
    baseline: { blue: null, green: null },
  },
  clock,
  limits: { quietMs: 0, retryMs: 1_000 },
})

/** One engine after another works on an order until it has come out; each begins with nothing but what the world shows. */
const work = async (
  world: StoppedWorld,
  ports: Ports,
  order: Order,
  by: { epoch: number; version: number },
  signal: AbortSignal,
): Promise<Attempt<unknown>> => {
  const { clock } = world
  const until = clock.now() + longestMs
  while (clock.now() < until && !signal.aborted) {
    try {
      const attempt = await carryOut(order.goal, contextOf(clock, ports, order, by, signal))
      if (attempt.kind === 'done' || attempt.kind === 'refused') return attempt
      await clock.sleep(attempt.kind === 'waiting' ? attempt.until : clock.now() + retryMs, signal)
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      by.epoch += 1
      await clock.sleep(clock.now() + restartMs, signal)
    }
  }
  return { kind: 'aborted' }
}

export type Stopped = {
  readonly outcome: Attempt<unknown>
  /** The order that was carried out in the end. */
  readonly last: Order
  /** Methods in the order in which they were called. */
  readonly methods: readonly string[]
  readonly world: StoppedWorld
}

export type StopOptions = {
  readonly world: WorldOptions
  /** Carried out without a fault before anything is counted. */
  readonly before?: Order
  readonly order: Order
  /** Ordered as soon as the first fault is made, instead of trying the first order again. */
  readonly turnBack?: Order
  readonly faults: ReadonlyMap<number, PortFault>
  /** An engine looks whether it still holds, as it does all the time, after everything late has landed. */
  readonly looksAgain?: boolean
  /** Looked at every few milliseconds, whatever happens. */
  readonly watch?: (world: StoppedWorld) => void
}

const watchEveryMs = 100
const restMs = 12_000

/**
 * Carries out an order while calls fail as they are told to, and lets everything that is late land.
 */
export const playStopped = async (options: StopOptions): Promise<Stopped> => {
  const world = createWorld(options.world)
  const { clock } = world
  const by = { epoch: 1, version: 1 }
  const never = new AbortController().signal
  const { watch } = options
  let isOver = watch === undefined
  const look = (): boolean => {
    watch?.(world)
    if (!isOver) clock.at(clock.now() + watchEveryMs, look)
    return true
  }
  const finish = async <T>(working: Promise<T>): Promise<T> => {
    const end: { value: T | null } = { value: null }
    void working.then((value) => {
      end.value = value
    })
    const limit = clock.now() + 2 * longestMs
    while (end.value === null && clock.now() < limit) await clock.runUntil(clock.now() + 100)
    if (end.value === null) throw new Error('it neither ends nor gives up')
    return end.value
  }
  await clock.runUntil(start + 3 * world.periodMs + (options.world.fromTickMs ?? 1_234))
  if (options.before !== undefined) await finish(work(world, world.ports, options.before, by, never))
  if (!isOver) look()

  const stop = new AbortController()
  const faulty = createFaultyPorts({
    ...{ clock, faults: options.faults, lateMs },
    failed: () => {
      if (options.turnBack !== undefined) stop.abort()
    },
  })
  const wrapped = (side: SidePorts): SidePorts => ({
    schedules: faulty.wrap<Schedules>(side.schedules),
    workloads: faulty.wrap<Workloads>(side.workloads),
  })
  const ports: Ports = {
    blue: wrapped(world.ports.blue),
    green: wrapped(world.ports.green),
    traffic: faulty.wrap(world.ports.traffic),
  }
  by.epoch += 1
  by.version += 1
  let outcome = await finish(work(world, ports, options.order, by, stop.signal))
  const methods = faulty.methods().slice()
  const turned = stop.signal.aborted ? (options.turnBack ?? null) : null
  if (turned !== null) {
    by.version += 1
    outcome = await finish(work(world, world.ports, turned, by, never))
  }
  const last = turned ?? options.order
  await clock.runUntil(clock.now() + lateMs + restMs)
  if (outcome.kind === 'done' && options.looksAgain === true) {
    by.version += 1
    outcome = await finish(work(world, world.ports, last, by, never))
  }
  await clock.runUntil(clock.now() + 3 * world.periodMs)
  isOver = true
  return { outcome, last, methods, world }
}
