import type { Clock } from '../engine/clock.ts'
import type { EngineOptions, World } from '../engine/engine.ts'
import type { ScheduleDefinition } from '../inventory/estate.ts'
import type { Recorded } from '../journal/events.ts'
import type { Millis } from '../moves/goal.ts'
import { testMs } from '../plan/expected-time.ts'
import type { Plan, TestDefinition } from '../plan/plan.ts'
import type { Store } from '../store/store.ts'
import { createRehearsedPerson, type InTrouble, type PersonWaited } from './rehearsed-person.ts'
import { restfulPace } from './restful-pace.ts'
import { createScraped } from './scraped.ts'
import { type Caller, defaultLatencies, noFaults } from './simulated-calls.ts'
import { createRandom, createSimulatedClock, type SimulatedClock } from './simulated-clock.ts'
import { type SimulatedEnd, startSimulatedEngine } from './simulated-engine.ts'
import { createSimulatedProcess } from './simulated-process.ts'
import { supervisorLike } from './simulated-schedules.ts'
import { createSimulatedWorld, type SimulatedService, type SimulatedWorld } from './simulated-world.ts'
import type { Timetable } from './timetable.ts'

/** What a play needs from elsewhere: a store, and what the engine is given in a real run, too. */
export type Stage = {
  readonly openPlace: (appended: (entries: readonly Recorded[]) => void) => {
    readonly open: (release: string) => Promise<Store>
  }
  readonly carryOut: (options: {
    readonly world: World
    readonly clock: Clock
    readonly runTest: (service: string, test: TestDefinition, signal: AbortSignal) => Promise<RehearsedTest>
  }) => EngineOptions['carryOut']
  readonly calendars: EngineOptions['calendars']
  readonly conditions: EngineOptions['conditions']
  /** Every service that is not where it should be, and what it and the release wait for. */
  readonly waits: (store: Store, now: Millis) => Promise<readonly Stuck[]>
  readonly timetableOf: (schedule: ScheduleDefinition) => Timetable
}

export type RehearsedTest = {
  readonly passed: boolean
  readonly at: Millis
  readonly durationMs: Millis
  readonly summary: string
  readonly figures: Readonly<Record<string, number>>
}

export type PlayOptions = {
  readonly stage: Stage
  readonly plan: Plan
  readonly services: readonly SimulatedService[]
  readonly seed: number
  readonly begin: Millis
  readonly answerMs: Millis
  readonly inTrouble: InTrouble
  /** Without anything in the journal for so long, it can't end. */
  readonly patienceMs: Millis
  /** What goes wrong in this play: given the world before it begins, told of every entry. */
  readonly trouble?: (world: SimulatedWorld, clock: SimulatedClock) => (entries: readonly Recorded[]) => void
  /** Whether what is of interest is over before the release is. */
  readonly isOver?: (entries: readonly Recorded[], isWaiting: boolean) => boolean
  readonly signal: AbortSignal
}

export type Play = {
  /** null: it was over before it ended, or can't end. */
  readonly end: SimulatedEnd | null
  /** Each service that is not where it should be, and what it waits for; empty unless it can't end. */
  readonly stuck: readonly Stuck[]
  readonly entries: readonly Recorded[]
  readonly until: Millis
  readonly waited: readonly PersonWaited[]
  readonly world: SimulatedWorld
}

export type Stuck = { readonly service: string | null; readonly step: string | null; readonly because: string }

const pollMs: Millis = 1_800_000
/** A release that goes on for longer, whatever happens in it, does not end. */
const longestMs: Millis = 90 * 86_400_000
const looksEvery: Millis = 3_600_000

/** Plays one release from its beginning, by the real engine, until it ends, or nothing happens any more. */
export const playRelease = async (options: PlayOptions): Promise<Play> => {
  const { plan, services, seed, stage } = options
  const clock = createSimulatedClock(options.begin)
  const entries: Recorded[] = []
  const pace = restfulPace(plan, services, (schedule) => stage.timetableOf(schedule), options.begin)
  const scraped = createScraped(plan, options.begin, pace.settledMs, clock.now)
  const world = createSimulatedWorld({
    ...{ clock, seed, services, scheduler: supervisorLike, horizonMs: 15_000, queuesFlow: true },
    timetableOf: stage.timetableOf,
    names: { blue: plan.blue, green: plan.green },
    scraped: scraped.of,
    tellsRuns: scraped.isMoving,
  })
  let hear = (_: readonly Recorded[]): void => undefined
  const place = stage.openPlace((more) => hear(more))
  const person = createRehearsedPerson({
    ...{ clock, plan, answerMs: options.answerMs, inTrouble: options.inTrouble },
    store: await place.open(plan.release),
  })
  const trouble = options.trouble?.(world, clock)
  let lastAt = options.begin
  hear = (more) => {
    entries.push(...more)
    lastAt = clock.now()
    scraped.hear(more)
    person.hear(more)
    trouble?.(more)
  }
  const caller: Caller = {
    ...{ clock, random: createRandom(seed + 1), faults: noFaults, latencies: defaultLatencies },
    readFaults: () => null,
  }
  const store = await place.open(plan.release)
  const engine = startSimulatedEngine({
    ...{ name: 'rehearsal', plan, store, process: createSimulatedProcess(clock) },
    world: world.worldFor(caller),
    check: () => Promise.resolve({ blocking: [], notes: [], findings: null }),
    calendars: stage.calendars,
    conditions: stage.conditions,
    carryOut: (ports, own) =>
      stage.carryOut({
        ...{ world: ports, clock: own },
        runTest: async (_, test, signal) => {
          const durationMs = testMs(test)
          await own.sleep(own.now() + durationMs, signal)
          return { passed: true, at: own.now(), durationMs, summary: 'assumed to pass', figures: {} }
        },
      }),
    ...{ pollMs, pace, notice: () => undefined },
  })
  const isOver = (): boolean =>
    engine.end() !== null ||
    options.signal.aborted ||
    clock.now() - lastAt > options.patienceMs ||
    clock.now() - options.begin > longestMs ||
    options.isOver?.(entries, person.open().length > 0) === true
  // A clock with nothing to do would jump to the end: it looks once an hour at least.
  while (!isOver()) await clock.runUntil(clock.now() + looksEvery, isOver)
  const end = engine.end()
  if (end?.kind === 'threw') throw end.error
  const tooLong = clock.now() - lastAt > options.patienceMs || clock.now() - options.begin > longestMs
  const isStuck = end === null && tooLong
  const stuck = isStuck ? await stage.waits(store, clock.now()) : []
  engine.stop()
  return { end, stuck, entries, until: clock.now(), waited: person.waited(), world }
}
