import { type CarryOut, carryOut, type SidePorts } from '../engine/carry-out.ts'
import type { Schedules, Traffic, Workloads } from '../engine/ports.ts'
import type { ConcurrencyPolicy } from '../inventory/estate.ts'
import type { Fence, Json, Millis, Side } from '../moves/goal.ts'
import type { MissedRuns } from '../plan/policy.ts'
import {
  type Caller,
  type CallFault,
  callFaults,
  defaultLatencies,
  type Faults,
  Killed,
  noFaults,
} from './simulated-calls.ts'
import { between, createRandom, createSimulatedClock, type Random, type SimulatedClock } from './simulated-clock.ts'
import { createSimulatedSchedules, type SimulatedScheduler, type SimulatedSide } from './simulated-schedules.ts'
import { countTicks, schedulerLag } from './tick-count.ts'
import { every } from './timetable.ts'

const service = 'job'
const start = Date.UTC(2026, 0, 7, 12, 0, 0)
const secondMs = 1_000

export type HandoffCase = {
  readonly seed: number
  readonly way: 'protocol' | 'naive'
  readonly scheduler: SimulatedScheduler
  readonly concurrency: ConcurrencyPolicy
  readonly missed: MissedRuns
  /** Chance that a call goes wrong. */
  readonly faultShare: number
  readonly faultKinds: readonly CallFault[]
  readonly periodsMs: readonly Millis[]
  /** One call that must go wrong, by its number among the acting calls, and how; null: only chance. */
  readonly faultAt: { readonly call: number; readonly fault: CallFault } | null
  /** Chances that it is taken back in the middle, and that a second engine begins beside the first. */
  readonly rollbackShare: number
  readonly secondEngineShare: number
}

export type HandoffCount = {
  readonly seed: number
  readonly ticks: number
  readonly duplicates: readonly Millis[]
  /** Neither ran nor let go by policy. */
  readonly misses: readonly Millis[]
  /** Let go by the missed-run policy: a later tick passed too while neither side was active. */
  readonly skipped: readonly Millis[]
  /** Pairs of runs on two sides at one moment, where the policy forbids it. */
  readonly overlaps: number
  readonly owner: Side
  readonly settled: boolean
  readonly calls: number
  readonly result: Json
}

type Scene = {
  readonly clock: SimulatedClock
  readonly random: Random
  readonly blue: SimulatedSide
  readonly green: SimulatedSide
  readonly periodMs: Millis
  readonly options: HandoffCase
}

/** The handoff asks nothing of these; whoever adds a call to them is told. */
const unused = (what: string): never => {
  throw new Error(`the handoff asked ${what}`)
}
const nothing = <T extends object>(what: string): T =>
  // Every property is a trap that throws, so the shape never matters.
  new Proxy({}, { get: () => unused(what) }) as T

/** Neither in a hurry nor patient: a schedule of seconds is simulated in a few hundred steps. */
const limits = { forbidWaitMs: 60_000, retryMs: 2_500 }

type Order = { readonly owner: Side; readonly fence: Fence; readonly intent: string; readonly signal: AbortSignal }

const attempt = (scene: Scene, order: Order, faults: Faults, quietMs: Millis) => {
  const { clock, random } = scene
  const caller: Caller = { clock, random, faults, latencies: defaultLatencies }
  const side = (of: SimulatedSide): SidePorts => ({
    workloads: nothing<Workloads>('workloads'),
    schedules: of.portsFor(caller),
  })
  const context: CarryOut = {
    service,
    blue: side(scene.blue),
    green: side(scene.green),
    traffic: nothing<Traffic>('traffic'),
    intent: order.intent,
    fence: order.fence,
    actUntil: clock.now() + 3_600_000,
    facts: {
      hasSchedule: true,
      suspended: false,
      missed: scene.options.missed,
      assumeDead: null,
      knownRun: null,
      baseline: { blue: null, green: null },
    },
    clock,
    signal: order.signal,
    limits: { ...limits, quietMs },
  }
  return carryOut({ kind: 'schedule', owner: order.owner }, context)
}

/** Suspend there, unsuspend here: what everybody does first. */
const naive = async (scene: Scene, order: Order, faults: Faults) => {
  const caller: Caller = { clock: scene.clock, random: scene.random, faults, latencies: defaultLatencies }
  const ports: Readonly<Record<Side, Schedules>> = {
    blue: scene.blue.portsFor(caller),
    green: scene.green.portsFor(caller),
  }
  const by = { fence: order.fence, intent: order.intent, signal: order.signal }
  await ports[order.owner === 'green' ? 'blue' : 'green'].pause(by, service)
  await ports[order.owner].resume(by, service)
  return { kind: 'done', result: null } as const
}

/**
 * An engine that works on one order until it is done, and then looks between the ticks whether it still holds; when
 * it dies, the next one goes on with a higher epoch. Calls `done` with each result.
 */
const engine = async (
  scene: Scene,
  given: Order,
  faults: Faults,
  epochs: { highest: number },
  quietMs: Millis,
  done: (result: Json) => void,
): Promise<void> => {
  const { clock, random, options, periodMs } = scene
  let order = given
  while (!order.signal.aborted) {
    try {
      const outcome =
        options.way === 'naive' ? await naive(scene, order, faults) : await attempt(scene, order, faults, quietMs)
      if (outcome.kind === 'refused' || outcome.kind === 'aborted') return
      if (outcome.kind === 'done') {
        done(outcome.result)
        // Where older calls are refused, nothing can land late and need sweeping.
        if (options.way === 'naive' || options.scheduler.keepsFences) return
      }
      const later = clock.now() + (outcome.kind === 'done' ? periodMs / 2 : 200)
      await clock.sleep(outcome.kind === 'waiting' ? outcome.until : later, order.signal)
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      if (order.signal.aborted) return
      await clock.sleep(clock.now() + between(random, 50, 2_000), order.signal)
      epochs.highest += 1
      order = { ...order, fence: { ...order.fence, epoch: epochs.highest } }
    }
  }
}

const createScene = (options: HandoffCase, random: Random): Scene => {
  const clock = createSimulatedClock(start)
  const periodMs = options.periodsMs[between(random, 0, options.periodsMs.length)] ?? secondMs
  const side = (name: Side, suspended: boolean) =>
    createSimulatedSchedules({
      side: name,
      clock,
      random,
      scheduler: options.scheduler,
      horizonMs: Math.max(10_000, 2 * periodMs),
      schedules: [
        {
          service,
          timetable: every(periodMs),
          concurrency: options.concurrency,
          deadlineMs: null,
          suspended,
          runMs: between(random, 10, periodMs / 2),
        },
      ],
    })
  return { clock, random, periodMs, options, blue: side('blue', false), green: side('green', true) }
}

const faultsOf = (
  { faultShare, faultKinds, faultAt }: HandoffCase,
  random: Random,
  counted: { calls: number },
): Faults => {
  return () => {
    counted.calls += 1
    if (faultAt?.call === counted.calls) return faultAt.fault
    if (random() >= faultShare) return null
    return faultKinds[between(random, 0, faultKinds.length)] ?? null
  }
}

const count = (
  scene: Scene,
  from: Millis,
  until: Millis,
): Pick<HandoffCount, 'ticks' | 'duplicates' | 'misses' | 'skipped' | 'overlaps'> => {
  const { scheduler, missed, concurrency } = scene.options
  const lagMs = schedulerLag(scheduler)
  const timetable = every(scene.periodMs)
  const truths = { blue: scene.blue.truth, green: scene.green.truth }
  return countTicks({ service, truths, timetable, missed, concurrency, lagMs, deadlineMs: null }, from, until)
}

/**
 * One handoff (or the naive way) at a random moment around a tick, with what may go wrong; perhaps taken back in the
 * middle, perhaps with a second engine beside the first. Then faults end, and every tick is counted by the runs
 * themselves. The same case gives the same count.
 */
export const simulateHandoff = async (options: HandoffCase): Promise<HandoffCount> => {
  const random = createRandom(options.seed)
  const scene = createScene(options, random)
  const { clock, periodMs } = scene
  const counted = { calls: 0 }
  const faults = faultsOf(options, random, counted)
  const epochs = { highest: 1 }
  const quietMs = random() < 0.5 ? 0 : 5_000
  const version = { now: 1 }
  const engines: AbortController[] = []

  let result: Json = null

  const begin = (owner: Side, intent: string, withFaults: Faults) => {
    const controller = new AbortController()
    engines.push(controller)
    const fence: Fence = { release: 'r', epoch: epochs.highest, move: service, version: version.now }
    const order = { owner, fence, intent, signal: controller.signal }
    void engine(scene, order, withFaults, epochs, quietMs, (value) => {
      result ??= value
    })
  }
  const takeOver = (owner: Side, intent: string, withFaults: Faults) => {
    epochs.highest += 1
    version.now += 1
    begin(owner, intent, withFaults)
  }

  const around = start + 3 * periodMs + between(random, -1_500, 1_500)
  await clock.runUntil(around)
  let owner: Side = 'green'
  begin('green', `${service}/schedule/1`, faults)

  if (random() < options.secondEngineShare) {
    // The first one is alive (perhaps frozen) and believes that it is the only one.
    await clock.runUntil(clock.now() + between(random, 0, 3_000))
    takeOver('green', `${service}/schedule/1`, faults)
  }
  if (random() < options.rollbackShare) {
    await clock.runUntil(clock.now() + between(random, 0, random() < 0.7 ? 800 : 3 * periodMs))
    // In one case of two the engine orders it itself, and so stops what it is doing.
    if (random() < 0.5) for (const controller of engines) controller.abort()
    owner = 'blue'
    takeOver('blue', `${service}/schedule/2`, faults)
  }
  await clock.runUntil(clock.now() + between(random, 1, 3 * periodMs + 8_000))
  for (const controller of engines) controller.abort()

  takeOver(owner, `${service}/schedule/3`, noFaults)
  await clock.runUntil(Math.ceil((clock.now() + 20_000 + 4 * periodMs) / periodMs) * periodMs)
  for (const controller of engines) controller.abort()
  const until = clock.now() - periodMs
  const counts = count(scene, start, Math.floor(until / periodMs) * periodMs)
  const other = owner === 'blue' ? scene.green : scene.blue
  const holds = scene[owner].truth.isActive(service) && !other.truth.isActive(service)
  return { seed: options.seed, ...counts, owner, settled: holds, calls: counted.calls, result }
}

/** What the models of the design were tried with. */
export const plainCase: Omit<HandoffCase, 'seed' | 'scheduler' | 'periodsMs'> = {
  way: 'protocol',
  concurrency: 'Allow',
  missed: 'latest',
  faultShare: 0.03,
  faultKinds: callFaults,
  faultAt: null,
  rollbackShare: 0.6,
  secondEngineShare: 0.15,
}

/** Little but calls that land late, always taken back midway, and a scheduler that often acts on old state. */
export const hostileCase: typeof plainCase = {
  ...plainCase,
  faultShare: 0.25,
  faultKinds: ['late', 'frozen', 'killed after'],
  rollbackShare: 1,
  secondEngineShare: 0.5,
}
