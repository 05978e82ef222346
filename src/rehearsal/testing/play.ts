import { breakGlass } from '../../engine/break-glass.ts'
import type { Notice, TestResult } from '../../engine/ports.ts'
import type { Work } from '../../engine/runner.ts'
import { TitrateError } from '../../errors.ts'
import type { PersonRequest, Recorded } from '../../journal/events.ts'
import { emptyJournal, foldJournal, type JournalState } from '../../journal/fold.ts'
import { createCarryOutWork, type RunTest } from '../../main/carry-out-work.ts'
import type { Millis } from '../../moves/goal.ts'
import type { TestDefinition } from '../../plan/plan.ts'
import { createMemoryPlace } from '../../store/memory/store.ts'
import { type Caller, defaultLatencies, noFaults } from '../simulated-calls.ts'
import { createRandom, createSimulatedClock } from '../simulated-clock.ts'
import { type SimulatedEngine, startSimulatedEngine } from '../simulated-engine.ts'
import { createSimulatedPerson } from '../simulated-person.ts'
import { createSimulatedProcess, type SimulatedProcess } from '../simulated-process.ts'
import { createSimulatedWorld } from '../simulated-world.ts'
import { createChecks, intentOf } from './checks.ts'
import { type Coverage, note } from './coverage.ts'
import { planOf, timetableFor } from './estate.ts'
import { createFaults, troubledStore } from './faults.ts'
import { checkEnding } from './final-checks.ts'
import { createGateChecks } from './gate-checks.ts'
import { type ByHand, createHappenings, type Surroundings } from './happen.ts'
import { schedulers } from './random-estate.ts'
import type { Happening, Scenario } from './trouble.ts'
import { createTruthChecks } from './truth-checks.ts'

export type Played = {
  readonly problems: readonly string[]
  readonly outcome: string
  readonly entries: readonly Recorded[]
  readonly coverage: Coverage
  readonly simulatedMs: Millis
}

export type PlayOptions = {
  /** Gets what happens, line by line, to be read. */
  readonly trace?: (at: Millis, line: string) => void
}

export const playBegins = Date.UTC(2026, 0, 7, 12, 0, 0)

const second = 1_000
/** How often people look whether they are called, and how often they try to go on before they give up. */
const personLooksMs = second
const patience = 20
/** One seed in so many: to write a whole state down costs more than to play on. */
const foldComparedEvery = 8
/** The store was cut off, by us; or a second engine was there first. */
const expectedErrors: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'ENGINE_RUNNING'])
/** Far above what a release needs when nothing is wrong any more and people answer. */
const calmLimitMs = 600 * second
/** So long after break-glass has begun nobody may have heard of it. */
const unheardMs = second / 2

/** Plays one whole release: the storm, then calm with people who answer, until it has ended. */
export const playScenario = async (scenario: Scenario, options: PlayOptions = {}): Promise<Played> => {
  const game = openGame(scenario, options)
  try {
    await game.storm()
    await game.calm()
    if (game.problems.length === 0) await game.allTheWayBack()
    if (game.problems.length === 0) game.end()
  } catch (error) {
    game.problems.push(`threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
  return game.played()
}

const openGame = (scenario: Scenario, { trace }: PlayOptions) => {
  const { estate, seed } = scenario
  const plan = planOf(estate)
  if (plan === null) throw new Error('the planner refuses this estate')
  const coverage: Coverage = {}
  const byHand: ByHand = new Set()
  const around: Surroundings = { isOpen: true, holds: true, testsPass: true }
  const clock = createSimulatedClock(playBegins)
  const random = createRandom((Math.imul(seed, 7) + 3) >>> 0)
  const entries: Recorded[] = []
  const checks = createChecks(plan, byHand, scenario.troubles.length === 0)
  const { problems } = checks
  const broken = (what: string): void => void problems.push(what)
  const gates = createGateChecks(plan, broken)
  const faults = createFaults(scenario.troubles, coverage)
  const scheduler = schedulers[scenario.scheduler]
  const services = Object.keys(plan.moves)
  const person = createSimulatedPerson({ random, services })
  const tell = (line: string): void => trace?.(clock.now() - playBegins, line)

  const world = createSimulatedWorld({
    ...{ clock, seed, scheduler, services: estate.services, horizonMs: 10_000, timetableOf: timetableFor },
    seen: {
      weight: (service, green, by) => {
        tell(`   router: ${service} ${green} % by ${by?.intent ?? 'hand'}`)
        checks.weightSet(service, green, by)
        truth?.weightSet(service, green, by)
      },
      run: (run) => {
        tell(`   ${run.side} runs ${run.name}`)
        checks.runStarted(run, plan.moves[run.service]?.suspended === true)
      },
    },
  })
  watchExclusive()
  const truth = createTruthChecks({ plan, world, troubles: scenario.troubles, now: clock.now, broken })
  const place = createMemoryPlace({
    keepsGiven: !scenario.strictStore,
    appended: (_, more) => {
      entries.push(...more)
      if (trace !== undefined)
        for (const { position, stream, epoch, event } of more)
          tell(`#${position} ${stream} (${epoch}) ${JSON.stringify(event)}`)
      checks.take(more)
      for (const entry of more) {
        gates.take(entry)
        truth?.take(entry)
      }
      person.take(more)
    },
  })
  const { happen, heal } = createHappenings({ clock, world, estate, around, byHand })

  const engines: SimulatedEngine[] = []
  let current: SimulatedEngine | null = null
  let startsAt: Millis | null = null
  let latest: JournalState | null = null
  let requests = 0
  let answers = 0
  let hasEnded = false
  let isCalm = false
  let brokeGlassAt: Millis | null = null

  function watchExclusive(): void {
    const exclusive = new Set(
      Object.values(plan?.moves ?? {}).flatMap((move) => (move.exclusive ? [move.service] : [])),
    )
    if (exclusive.size === 0) return
    const never = new AbortController().signal
    for (const side of ['blue', 'green'] as const)
      world[side].workloads.watch((service) => {
        if (service === null || !exclusive.has(service)) return
        if (world.blue.workloads.running(service) > 0 && world.green.workloads.running(service) > 0)
          checks.runsTwice(service)
      }, never)
  }

  const dying = (process: SimulatedProcess) => (): Promise<never> => {
    tell('-- the engine is killed')
    process.kill()
    return new Promise<never>(() => undefined)
  }
  const callerOf = (process: SimulatedProcess): Caller => ({
    ...{ clock, random, latencies: defaultLatencies, die: dying(process), freeze: process.freeze },
    faults: (method, about) => {
      if (about === null) return null
      checks.acts(method, about.service, about.by)
      const { intent, handsBack } = intentOf(about.by.intent)
      const fault = faults.call(method, checks.intents.get(intent)?.goal ?? null, handsBack)
      tell(`   ${method} ${about.service} for ${about.by.intent}${fault === null ? '' : `: ${fault}`}`)
      return fault
    },
    readFaults: (method) => {
      const fault = faults.read()
      if (fault !== null) tell(`   ${method}: ${fault}`)
      return fault
    },
  })

  const runTest =
    (process: SimulatedProcess, ports: ReturnType<typeof world.worldFor>): RunTest =>
    async (service: string, definition: TestDefinition, work: Work, signal: AbortSignal): Promise<TestResult> => {
      const began = process.clock.now()
      if (definition.kind === 'trial run') {
        const by = { fence: work.fence, intent: work.intent, signal }
        const answer = await ports.sides.green.schedules.runNow(by, service, null)
        if (answer.kind !== 'ok') throw new Error(answer.because)
      }
      await process.clock.sleep(began + 300, signal)
      const passed = around.testsPass
      const summary = passed ? 'all is well' : 'it answered 500'
      return { passed, at: process.clock.now(), durationMs: 300, summary, figures: {} }
    }

  const startEngine = async (): Promise<void> => {
    startsAt = null
    const process = createSimulatedProcess(clock)
    const name = `engine ${engines.length + 1}`
    tell(`-- ${name} starts`)
    const die = dying(process)
    const store = troubledStore({ store: await place.open(plan.release), process, faults, die })
    const engine = startSimulatedEngine({
      ...{ name, process, store, plan },
      world: world.worldFor(callerOf(process)),
      check: () =>
        Promise.resolve({ blocking: scenario.blocked ? ['a variable differs'] : [], notes: [], findings: null }),
      calendars: (at) => {
        gates.lives(name, at)
        gates.told(at, 'office', around.isOpen)
        return { office: { open: around.isOpen, changesAt: null } }
      },
      conditions: () => ({ quiet: around.holds }),
      carryOut: (ports, own) => createCarryOutWork({ world: ports, clock: own, runTest: runTest(process, ports) }),
      pollMs: 5 * second,
      notice: (notice: Notice) => {
        checks.text('a notice', JSON.stringify(notice))
      },
      appended: (_, journal) => {
        latest = journal
      },
      turned: ({ rules }) => {
        checks.startTurn()
        gates.lives(name, clock.now())
        for (const rule of rules) note(coverage, rule)
      },
    })
    engines.push(engine)
    current = engine
  }
  const startAt = (at: Millis): void => {
    if (startsAt !== null) return
    startsAt = at
    clock.at(at, () => {
      void startEngine()
      return true
    })
  }

  /** After every event of the clock: whether there is anything to see to, and whether it is over. */
  const isOver = (): boolean => {
    if (problems.length > 0) return true
    if (current === null || startsAt !== null) return false
    const end = current.end()
    if (end === null) {
      if (current.process.isDead()) startAt(clock.now() + scenario.restartMs)
      return false
    }
    tell(`-- the engine ended: ${end.kind}`)
    if (end.kind === 'threw') {
      const { error } = end
      const isOurs = error instanceof TitrateError && expectedErrors.has(error.code)
      if (!isOurs)
        problems.push(`an engine threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    }
    if (end.kind === 'ended') {
      hasEnded = true
      return true
    }
    startAt(clock.now() + second)
    return false
  }

  const ask = async (request: PersonRequest): Promise<void> => {
    requests += 1
    const store = await place.open(plan.release)
    const event = { kind: 'requested', id: `r${requests}`, by: 'ada', seen: entries.length, request } as const
    await store.append({
      at: clock.now(),
      epoch: 0,
      observation: 0,
      batches: [{ stream: 'release', expected: 'any', events: [event] }],
    })
  }
  const personLooks = async (): Promise<void> => {
    const act = person.act(answers < patience)
    if (act === null) return
    answers += 1
    if (act.kind === 'sees to it') {
      tell('-- a person sees to it')
      if (isCalm) heal()
    } else await ask(act.request)
  }

  const useBreakGlass = (): void => {
    brokeGlassAt = clock.now()
    const process = createSimulatedProcess(clock)
    const caller: Caller = { clock, random, faults: noFaults, readFaults: () => null, latencies: defaultLatencies }
    const { sides, router } = world.worldFor(caller)
    if (router === null) return
    void breakGlass({
      ...{ release: plan.release, by: 'eve', because: 'smoke', blue: sides.blue, green: sides.green, router },
      services: Object.values(plan.moves).map(({ service, exclusive, kind }) => ({
        ...{ name: service, exclusive, hasSchedule: kind === 'job' },
      })),
      ...{ assumeDead: null, limitMs: 10 * second, clock: process.clock, signal: new AbortController().signal },
    })
  }
  const happens = (what: Happening): void => {
    if (hasEnded || isCalm || entries.some(({ event }) => event.kind === 'ended')) return
    tell(`-- ${JSON.stringify(what)}`)
    note(coverage, `happening ${what.kind}`)
    const running = current
    switch (what.kind) {
      case 'kill':
        running?.process.kill()
        return startAt(clock.now() + what.againAfterMs)
      case 'freeze':
        void running?.process.freeze(what.forMs)
        return
      case 'second engine':
        return startAt(clock.now())
      case 'leave':
        return running?.stop()
      case 'break glass':
        return useBreakGlass()
      case 'ask':
        void ask(what.request)
        return
      default:
        if (what.kind === 'hand replicas') checks.changedByHand(what.service, 'workload')
        if (what.kind === 'hand schedule') checks.changedByHand(what.service, 'schedule')
        return happen(what)
    }
  }

  let known: JournalState | null = null
  /** By ourselves, from the first entry on: what the engines made of it is not asked. */
  const folded = (): JournalState => {
    known = foldJournal(known ?? emptyJournal(plan.release), entries.slice(known?.position ?? 0))
    return known
  }

  return {
    problems,
    storm: async (): Promise<void> => {
      for (const trouble of scenario.troubles)
        if (trouble.on === 'time')
          clock.at(playBegins + trouble.at, () => {
            happens(trouble.what)
            return true
          })
      await startEngine()
      while (!hasEnded && problems.length === 0 && clock.now() < playBegins + scenario.stormMs) {
        await clock.runUntil(Math.min(playBegins + scenario.stormMs, clock.now() + personLooksMs), isOver)
        if (!hasEnded) await personLooks()
      }
    },
    calm: async (): Promise<void> => {
      tell('-- all heals, and nothing goes wrong any more')
      isCalm = true
      faults.end()
      heal()
      answers = 0
      await untilEnd()
    },
    allTheWayBack: async (): Promise<void> => {
      if (!scenario.backAgain || latest?.release.ended?.outcome !== 'done') return
      await clock.runUntil(clock.now() + 10 * second)
      tell('-- a person takes everything back')
      hasEnded = false
      await ask({ kind: 'roll back', scope: { kind: 'everything' }, because: 'second thoughts', assumeDead: null })
      await startEngine()
      await untilEnd()
      if (problems.length > 0) return
      const { release, moves } = folded()
      const isThere = [...moves.values()].every(({ intents, settled }) => intents === 0 || settled?.on === 'blue')
      if (release.retired === null && !isThere && release.ended?.outcome !== 'rolled back')
        problems.push(`everything was to go back, but it ended ${release.ended?.outcome ?? 'nowhere'}`)
    },
    end: (): void => {
      const journal = folded()
      const isCompared = seed % foldComparedEvery === 0
      if (isCompared && latest !== null && latest.position === journal.position && flat(latest) !== flat(journal))
        problems.push('the fold of the journal is another state than that of the living engine')
      if (scenario.blocked && [...journal.moves.values()].some(({ intents }) => intents > 0))
        problems.push('something was moved although the checks found what blocks')
      const mayMiss = scenario.scheduler === 'kubernetes' && scenario.troubles.length > 0
      problems.push(
        ...checkEnding({
          ...{ plan, estate, scheduler, world, entries, journal, byHand },
          begun: playBegins,
          now: clock.now(),
          mayMiss,
          isBeingBroken: brokeGlassAt !== null && (entries.findLast(hasItEnded)?.at ?? 0) < brokeGlassAt + unheardMs,
        }),
      )
      checks.text('the journal', JSON.stringify(entries))
    },
    played: (): Played => ({
      ...{ problems, entries, coverage, simulatedMs: clock.now() - playBegins },
      outcome: folded().release.ended?.outcome ?? 'open',
    }),
  }

  async function untilEnd(): Promise<void> {
    const until = clock.now() + calmLimitMs
    while (!hasEnded && problems.length === 0 && clock.now() < until) {
      await clock.runUntil(clock.now() + personLooksMs, isOver)
      if (!hasEnded) await personLooks()
    }
    if (hasEnded || problems.length > 0) return
    const { moves, release } = foldJournal(emptyJournal(plan?.release ?? ''), entries)
    const open = [...moves.values()].map(({ service, order, step, settled, stuck }) => [
      service,
      order,
      step,
      settled?.on,
      stuck?.because,
    ])
    problems.push(
      `it does not end: phase ${release.phase}, called ${JSON.stringify(release.called)}, back ${release.back.join(', ')}, ${JSON.stringify(open)}`,
    )
  }
}

const hasItEnded = ({ event }: Recorded): boolean => event.kind === 'ended'

const flat = (journal: JournalState): string =>
  JSON.stringify({ ...journal, hash: '', moves: [...journal.moves].sort(([a], [b]) => (a < b ? -1 : 1)) })
