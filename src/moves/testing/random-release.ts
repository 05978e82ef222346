import type { JournalEvent, MoveEvent, PersonRequest, Recorded } from '../../journal/events.ts'
import { moveStream, releaseStream } from '../../journal/events.ts'
import { emptyJournal, foldJournal, type JournalState } from '../../journal/fold.ts'
import { newMove } from '../../journal/move-state.ts'
import type { Plan } from '../../plan/plan.ts'
import { decideMove } from '../decide-move.ts'
import { decideRelease } from '../decide-release.ts'
import { decideTurn, type TurnResult } from '../decide-turn.ts'
import type { Goal, Lane, Outcome } from '../goal.ts'
import { laneOf, sides } from '../goal.ts'
import type { MoveReport } from '../report.ts'
import { createInvariants } from './invariants.ts'
import { createRandom, type Random, randomPlan } from './random-plan.ts'
import { createRandomWorld } from './random-world.ts'

/**
 * One release with everything that can happen to it, in an order drawn from the seed; then the trouble ends, people
 * answer what they are asked, and it has to come to its end.
 */
export type Played = {
  readonly problems: readonly string[]
  /** Names of the rules that answered. */
  readonly rules: ReadonlySet<string>
  readonly outcome: string
  /** What happened, one line each, to read when something is wrong. */
  readonly story: readonly string[]
  readonly events: number
}

export type PlayOptions = {
  readonly seed: number
  /** How many random things happen. */
  readonly length: number
  /** Those of them that are left out, by number: for shrinking. */
  readonly without?: ReadonlySet<number>
  readonly plan?: Plan
}

const calmTurns = 400

export const playRandomRelease = ({ seed, length, without = new Set(), plan: given }: PlayOptions): Played | null => {
  const plan = given ?? randomPlan(createRandom(seed))
  if (plan === null) return null
  const game = openGame(plan)
  try {
    game.begin(seed % 50 === 0)
    for (let index = 0; index < length && game.problems.length === 0; index += 1) {
      // Each thing has numbers of its own, so that leaving one out changes nothing about the others.
      if (!without.has(index)) game.disturb(createRandom(seed * 100_003 + index * 7_919))
    }
    if (game.problems.length === 0) game.comeToAnEnd(createRandom(seed))
  } catch (error) {
    game.problems.push(`threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  }
  const { problems, rules, story } = game
  return { problems, rules, story, outcome: game.outcome(), events: game.events() }
}

/** Leaves out what is not needed for something to be wrong, as long as anything can be left out. */
export const shrink = (options: PlayOptions): ReadonlySet<number> => {
  const without = new Set<number>()
  for (let size = Math.ceil(options.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let from = 0; from < options.length; from += size) {
      const fewer = new Set(without)
      for (let index = from; index < Math.min(options.length, from + size); index += 1) fewer.add(index)
      if (fewer.size === without.size) continue
      if ((playRandomRelease({ ...options, without: fewer })?.problems.length ?? 0) > 0)
        for (const index of fewer) without.add(index)
    }
  return without
}

type Manual = { readonly at: number; seen: boolean }

const openGame = (plan: Plan) => {
  const services = Object.keys(plan.moves)
  const world = createRandomWorld(plan)
  const manual = new Map<string, Manual>()
  const edited = new Map<string, number>()
  const invariants = createInvariants(plan, {
    seen: (service, lane) => manual.get(`${service}/${lane}`)?.seen === true,
  })
  const { problems } = invariants
  const story: string[] = []
  const rules = new Set<string>()
  const entries: Recorded[] = []
  const versions = new Map<string, number>()
  let journal: JournalState = emptyJournal(plan.release)
  let reports: ReadonlyMap<string, MoveReport> = new Map()
  let quiet: TurnResult['quiet'] = null
  let woken = new Set<string>()
  let wakes = new Map<string, number | null>()
  let now = 1_000_000
  let epoch = 0
  let requests = 0
  let runs = 0
  let firstEnd: string | null = null
  const older: { service: string; intent: string }[] = []

  const append = (stream: string, event: JournalEvent): void => {
    const version = (versions.get(stream) ?? 0) + 1
    versions.set(stream, version)
    const position = entries.length + 1
    const entry = { position, stream, version, at: now, epoch, observation: 0, event, hash: String(position) }
    entries.push(entry)
    story.push(`${now} ${stream}: ${JSON.stringify(event).slice(0, 300)}`)
    if (event.kind === 'resumed' || event.kind === 'retried' || event.kind === 'rollback ordered')
      if (stream === releaseStream) manual.clear()
      else for (const key of [...manual.keys()]) if (key.startsWith(`${stream.slice(5)}/`)) manual.delete(key)
    if (event.kind === 'intended') {
      const lane = stateOf(stream.slice(5)).lanes[laneOf(event.goal)]
      if (lane?.outcome === null) older.push({ service: stream.slice(5), intent: lane.intent })
    }
    journal = foldJournal(journal, [entry])
    invariants.take(stream, event)
    if (stream !== releaseStream) woken.add(stream.slice(5))
  }
  const planOf = (service: string) => {
    const move = plan.moves[service]
    if (move === undefined) throw new Error(`no plan for ${service}`)
    return move
  }
  const stateOf = (service: string) => journal.moves.get(service) ?? newMove(service)
  const tell = (service: string, event: MoveEvent): void => append(moveStream(service), event)
  const note = (what: string): void => void story.push(`${now} -- ${what}`)
  const look = (service: string): void => {
    world.look(service, now, journal.position)
    woken.add(service)
    for (const [key, change] of manual)
      if (key.startsWith(`${service}/`) && change.at <= journal.position) change.seen = true
  }
  const due = (): void => {
    for (const [service, at] of wakes) if (at !== null && at <= now) woken.add(service)
  }
  const decide = (all: boolean, used: boolean, maxSteps: number): TurnResult =>
    decideTurn({
      journal,
      plan,
      facts: (service) => world.of(service).facts,
      woken: new Set(all ? services : woken),
      reports: used ? reports : new Map(),
      quiet: used ? quiet : null,
      now,
      epoch,
      observation: 0,
      maxSteps,
    })

  /** Turns until nothing follows, and what has to hold of turns. */
  const turn = (maxSteps = 1000): void => {
    due()
    for (let count = 0; ; count += 1) {
      if (count > 60) return void problems.push('turns follow each other for ever')
      invariants.startTurn()
      const result = decide(false, true, maxSteps)
      if (JSON.stringify(decide(false, true, maxSteps).events) !== JSON.stringify(result.events))
        problems.push('the same inputs gave two decisions')
      for (const rule of result.rules) rules.add(rule)
      woken = new Set(result.left)
      for (const { stream, event } of result.events) append(stream, event)
      for (const { stream } of result.events) if (stream !== releaseStream) woken.delete(stream.slice(5))
      for (const service of result.left) woken.add(service)
      reports = result.reports
      quiet = result.quiet
      for (const [service, at] of result.wakeMoves) wakes.set(service, at)
      wakeRelease = result.wakeRelease
      if (problems.length > 0) return
      if (result.left.length === 0) break
    }
    noteRules()
    const again = decide(true, true, 1000)
    if (again.events.length > 0)
      problems.push(
        `a second turn at once still had: ${JSON.stringify(again.events[0])}, by ${[...again.rules].join(', ')}`,
      )
    const fresh = decide(true, false, 1000)
    if (fresh.events.length > 0)
      problems.push(`an engine that starts now would decide: ${JSON.stringify(fresh.events[0])}`)
  }
  let wakeRelease: number | null = null

  /** Also rules that only say what is waited for. */
  const noteRules = (): void => {
    for (const service of services)
      rules.add(
        decideMove({
          state: stateOf(service),
          plan: planOf(service),
          facts: world.of(service).facts,
          gaps: journal.release.gaps,
          now,
        }).rule,
      )
    rules.add(decideRelease({ state: journal.release, plan, reports, now }).rule)
  }
  const pending = () =>
    services.flatMap((service) =>
      Object.values(stateOf(service).lanes).flatMap((lane) => (lane.outcome === null ? [{ service, lane }] : [])),
    )
  const resultOf = (goal: Goal, passed: boolean): Outcome => ({
    kind: 'done',
    result: goal.kind === 'test' ? { passed, summary: passed ? 'fine' : 'broken', figures: null } : null,
  })
  const comeOut = (service: string, goal: Goal, intent: string, outcome: Outcome): void => {
    if (outcome.kind === 'done') {
      world.carryOut(service, goal)
      // Our own write came after the hand edit: there is nothing left of it to respect.
      manual.delete(`${service}/${laneOf(goal)}`)
    }
    tell(service, { kind: 'came out', intent, outcome })
  }
  const request = (asked: PersonRequest, by = 'ada'): void => {
    requests += 1
    append(releaseStream, { kind: 'requested', id: `r${requests}`, by, seen: journal.position, request: asked })
  }
  const isJudged = (service: string): boolean => {
    const { settled, order, reachedAt, step, judged, lanes } = stateOf(service)
    const { kind } = planOf(service)
    const goal = kind === 'exposed' ? lanes.weights?.goal : kind === 'worker' ? lanes.workload?.goal : undefined
    const share = goal?.kind === 'weights' || goal?.kind === 'workload' ? goal.green : 0
    const isEntered = reachedAt !== null || judged?.step === step
    return share > 0 && isEntered && order !== 'back' && settled?.on !== 'blue' && step >= 0
  }
  const judge = (service: string, verdict: 'advance' | 'hold' | 'roll back' | 'blind', random: Random): void => {
    const { step, judged } = stateOf(service)
    if (!isJudged(service) || judged?.verdict === 'roll back') return
    const against = verdict === 'roll back' || (verdict === 'hold' && random.chance(0.5))
    tell(service, {
      kind: 'judged',
      step,
      verdict,
      cause: verdict === 'advance' ? random.pick(['proven', 'timed']) : 'evidence',
      against,
      untilPerson: against && random.chance(0.3),
      because: `the judge says ${verdict}`,
      evidence: null,
    })
  }
  const run = (service: string, good: boolean): void => {
    if (plan.moves[service]?.kind !== 'job' || !world.of(service).owner.green) return
    runs += 1
    const name = `${service}-${runs}`
    const event = {
      kind: 'run ended',
      run: name,
      side: 'green',
      tick: now,
      good,
      because: good ? 'ok' : 'bad',
    } as const
    tell(service, event)
  }
  const restart = (gap: number): void => {
    note('the engine restarts')
    epoch += 1
    const from = now
    now += gap
    reports = new Map()
    quiet = null
    wakes = new Map()
    append(releaseStream, {
      kind: 'took over',
      epoch,
      engine: 'test',
      gap: gap === 0 && epoch === 1 ? null : { from, until: now },
    })
    const folded = foldJournal(emptyJournal(plan.release), entries)
    if (JSON.stringify(state(folded)) !== JSON.stringify(state(journal)))
      problems.push('the fold of the journal is another state than that of the living engine')
    journal = folded
    woken = new Set(services)
  }

  const handEdit = (service: string, random: Random): void => {
    const own = world.of(service)
    edited.set(service, now)
    const lane = random.pick<Lane>(['weights', 'schedule', 'workload'])
    const before = { weight: own.weight, green: own.replicas.green, owner: own.owner.green, blue: own.replicas.blue }
    if (lane === 'weights' && plan.moves[service]?.kind === 'exposed')
      own.weight = random.pick([0, 1, 5, 30, 50, 80, 100])
    if (lane === 'schedule' && stateOf(service).lanes.schedule !== undefined)
      own.owner[random.pick(sides)] = random.chance(0.5)
    if (lane === 'workload' && plan.moves[service]?.kind !== 'job') own.replicas[random.pick(sides)] = random.below(5)
    const towardsBlue =
      own.weight < before.weight ||
      own.replicas.green < before.green ||
      (before.owner && !own.owner.green) ||
      (lane === 'workload' && own.replicas.blue > before.blue)
    note(`somebody changes ${lane} of ${service}: ${JSON.stringify({ ...own, facts: null })}`)
    const state = stateOf(service).lanes[lane]
    // Only what differs from what we want, in a lane of ours at rest, is a change of somebody else's that we can see.
    manual.delete(`${service}/${lane}`)
    if (towardsBlue && state?.outcome?.kind === 'done' && isLess(own, state.goal))
      manual.set(`${service}/${lane}`, { at: journal.position, seen: false })
  }

  const ask = (random: Random): void => {
    const service = random.chance(0.2) ? null : random.pick(services)
    const gates = ['user traffic', 'release', 'sign off', 'acts at start', 'both sides take work', 'interruption']
    const one = service ?? random.pick(services)
    const because = 'a person said so'
    // Most people roll back seldom; otherwise few releases would get far.
    const isRash = random.chance(0.15)
    const waiting = [...reports.values()].flatMap(({ waiting: each }) => each?.approval ?? [])
    const gate = waiting.length > 0 && random.chance(0.8) ? random.pick(waiting) : random.pick(gates)
    const wave = 1 + random.below(plan.waves.length)
    const rollBackWave = { kind: 'roll back', scope: { kind: 'wave', wave }, because, assumeDead: null } as const
    const rollBackAll = { kind: 'roll back', scope: { kind: 'everything' }, because, assumeDead: null } as const
    request(
      random.pick<PersonRequest>([
        { kind: 'approve', service, gate, evidence: null, note: null },
        { kind: 'approve', service: null, gate, evidence: null, note: null },
        { kind: 'reject', service, gate, evidence: null, note: null },
        { kind: 'hold', service, because },
        { kind: 'resume', service, because },
        { kind: 'resume', service, because },
        { kind: 'resume', service: null, because, clearStop: true },
        { kind: 'retry', service, because },
        { kind: 'retry', service: null, because },
        { kind: 'skip', service: one, because },
        { kind: 'roll back', scope: { kind: 'service', service: one }, because, assumeDead: null },
        isRash ? rollBackWave : { kind: 'resume', service: null, because },
        isRash ? rollBackAll : { kind: 'resume', service: one, because },
        isRash ? { kind: 'retire', because } : { kind: 'hold', service: one, because },
      ]),
    )
  }

  const outcome = (random: Random): void => {
    const waiting = pending()
    if (waiting.length === 0) return
    const { service, lane } = random.pick(waiting)
    const kind = random.below(20)
    if (kind < 15) comeOut(service, lane.goal, lane.intent, resultOf(lane.goal, random.chance(0.85)))
    else if (kind < 17) comeOut(service, lane.goal, lane.intent, { kind: 'refused', because: 'it says no' })
    else if (kind < 19) {
      if (random.chance(0.5)) world.carryOut(service, lane.goal)
      comeOut(service, lane.goal, lane.intent, { kind: 'unknown', because: 'no answer' })
    } else comeOut(service, lane.goal, lane.intent, { kind: 'superseded' })
  }

  const things: readonly { readonly often: number; readonly happen: (random: Random) => void }[] = [
    {
      often: 30,
      happen: (random) => {
        for (const { service, lane } of pending())
          if (random.chance(0.8)) comeOut(service, lane.goal, lane.intent, resultOf(lane.goal, true))
      },
    },
    { often: 10, happen: outcome },
    {
      often: 2,
      happen: (random) => {
        const late = older.at(random.below(Math.max(1, older.length)))
        if (late !== undefined)
          tell(late.service, { kind: 'came out', intent: late.intent, outcome: { kind: 'done', result: null } })
      },
    },
    {
      often: 25,
      happen: (random) => {
        for (const service of services)
          if (isJudged(service)) judge(service, random.chance(0.9) ? 'advance' : random.pick(['hold', 'blind']), random)
      },
    },
    {
      often: 4,
      happen: (random) =>
        judge(
          random.pick(services.some(isJudged) ? services.filter(isJudged) : services),
          random.pick(['advance', 'advance', 'hold', 'hold', 'hold', 'blind', 'blind', 'roll back']),
          random,
        ),
    },
    {
      often: 15,
      happen: (random) => {
        for (const service of services) run(service, random.chance(0.95))
      },
    },
    {
      often: 6,
      happen: (random) => {
        const exposed = services.filter((service) => world.of(service).weight > 0)
        const own = world.of(random.pick(exposed.length > 0 && random.chance(0.7) ? exposed : services))
        const side = random.pick(['blue', 'green'] as const)
        own.ready[side] = !own.ready[side]
      },
    },
    {
      often: 1,
      happen: (random) => {
        world.of(random.pick(services)).restarts += random.pick([1, 1, 3])
      },
    },
    {
      often: 2,
      happen: (random) => {
        const own = world.of(random.pick(services))
        if (random.chance(0.5)) own.version[random.pick(sides)] = random.pick(['1', '2'])
        else Object.assign(own.version, { blue: '2', green: '2' })
      },
    },
    {
      often: 6,
      happen: (random) => {
        const exposed = services.filter((service) => world.of(service).weight > 0)
        handEdit(random.pick(exposed.length > 0 && random.chance(0.7) ? exposed : services), random)
      },
    },
    { often: 4, happen: ask },
    { often: 2, happen: (random) => restart(random.pick([0, 500, 60_000])) },
    {
      often: 1,
      happen: (random) => {
        const from = now
        now += random.pick([1000, 60_000])
        append(releaseStream, { kind: 'not watched', from, until: now, because: 'it was frozen' })
      },
    },
    {
      often: 1,
      happen: () => append(releaseStream, { kind: 'stop seen', where: 'green', by: 'eve', because: 'smoke' }),
    },
    {
      often: 2,
      happen: (random) => {
        world.setCalendar(random.chance(0.7), random.chance(0.7))
      },
    },
    {
      often: 40,
      happen: (random) => {
        now += random.pick([0, 1, 100, 1000, 3000, 3000, 12_000, 60_000])
      },
    },
  ]
  const total = things.reduce((sum, { often }) => sum + often, 0)

  const seeAll = (): void => {
    for (const service of services) look(service)
  }
  const heal = (): void => {
    world.setCalendar(true, true)
    for (const own of world.services.values()) {
      Object.assign(own.ready, { blue: true, green: true })
      Object.assign(own.version, { blue: '2', green: '2' })
    }
  }
  /** A person who answers whatever they are called for, by what they are told they can do. */
  const answer = (random: Random): void => {
    const { release } = journal
    const because = 'looked at it'
    if (release.stop !== null) return request({ kind: 'resume', service: null, because, clearStop: true })
    if (release.held !== null) return request({ kind: 'resume', service: null, because })
    for (const { service, waiting } of reports.values()) {
      if (waiting?.person !== true) continue
      if (waiting.approval !== null)
        return request({ kind: 'approve', service, gate: waiting.approval, evidence: null, note: null })
      if (waiting.actions.some((action) => action.startsWith('titrate resume')))
        return request({ kind: 'resume', service, because })
      return
    }
    if (release.called.some((key) => key.startsWith('* waits for the approval')))
      return request({ kind: 'approve', service: null, gate: 'user traffic', evidence: null, note: null })
    if (!release.called.some((key) => key.startsWith('* '))) return
    const there = release.back.filter((service) => stateOf(service).settled?.on === 'blue')
    const [one] = there
    if (one !== undefined && random.chance(0.3)) return request({ kind: 'skip', service: one, because })
    if (one !== undefined && random.chance(0.5)) return request({ kind: 'retry', service: one, because })
    request({ kind: 'retry', service: null, because })
  }
  const needsSomebody = (): boolean =>
    journal.release.called.length > 0 || journal.release.held !== null || journal.release.stop !== null

  /** Nothing under way, nothing due, nobody called: such a release would stand for ever. */
  const checkAlive = (): void => {
    if (journal.release.ended !== null || pending().length > 0 || needsSomebody()) return
    if (wakeRelease !== null || [...wakes.values()].some((at) => at !== null && at > now)) return
    const outside =
      /judge|replicas ready|good runs|versions|waits until|has not been|does not hold|is closed|can't be told/
    const open = [...reports.values()].filter(({ settledOn, skipped }) => settledOn === null && !skipped)
    if (!open.some(({ waiting }) => waiting !== null && outside.test(waiting.because)))
      problems.push(
        `nothing is pending and nobody is called: ${JSON.stringify(open.map(({ service, waiting, order }) => [service, order, waiting?.because]))}, back ${journal.release.back.join(', ')}`,
      )
  }

  return {
    problems,
    rules,
    story,
    events: () => entries.length,
    outcome: () => firstEnd ?? journal.release.ended?.outcome ?? 'open',
    begin: (isBlocked: boolean): void => {
      append(releaseStream, { kind: 'created', release: plan.release, plan, titrate: 'test' })
      restart(0)
      append(releaseStream, {
        kind: 'checked',
        blocking: isBlocked ? ['a variable differs'] : [],
        notes: [],
        findings: null,
      })
      seeAll()
      turn()
    },
    disturb: (random: Random): void => {
      const steps = random.chance(0.2) ? 1 + random.below(3) : 1000
      let at = random.below(total)
      for (const { often, happen } of things) {
        at -= often
        if (at >= 0) continue
        happen(random)
        break
      }
      if (random.chance(0.85)) seeAll()
      else look(random.pick(services))
      if (random.chance(0.9)) turn(steps)
      if (problems.length === 0 && woken.size === 0) checkAlive()
    },
    comeToAnEnd: (random: Random): void => {
      note('the trouble ends')
      heal()
      let intents = 0
      for (let count = 0; count < calmTurns; count += 1) {
        for (const { service, lane } of pending()) {
          intents += 1
          comeOut(service, lane.goal, lane.intent, resultOf(lane.goal, true))
        }
        for (const own of world.services.values()) Object.assign(own.ready, { blue: true, green: true })
        seeAll()
        turn()
        if (problems.length > 0) return
        checkAlive()
        if (journal.release.ended !== null && journal.release.pending.length === 0 && pending().length === 0) break
        for (const service of services) {
          const { judged, reachedAt, step } = stateOf(service)
          const old = judged === null || judged.step !== step || judged.at < (reachedAt ?? 0)
          if (isJudged(service) && (old || judged.verdict !== 'advance')) judge(service, 'advance', random)
          if ((stateOf(service).goodRuns < 2 || random.chance(0.05)) && stateOf(service).settled === null)
            run(service, true)
        }
        answer(random)
        now += 2000
      }
      if (journal.release.ended === null)
        problems.push(
          `it does not end: ${JSON.stringify([...reports.values()].map((each) => [each.service, each.order, each.step, each.settledOn, each.waiting]))}, phase ${journal.release.phase}, back ${journal.release.back.join(', ')}`,
        )
      if (intents > services.length * 120) problems.push(`${intents} intents after the trouble ended`)
      firstEnd = journal.release.ended?.outcome ?? null
      if (journal.release.ended?.outcome === 'done') goAllTheWayBack()
      else checkOnBlue(journal.release.ended?.outcome === 'rolled back')
    },
  }

  function goAllTheWayBack(): void {
    note('everything goes back')
    request({ kind: 'roll back', scope: { kind: 'everything' }, because: 'second thoughts', assumeDead: null })
    for (let count = 0; count < 10 + 8 * services.length; count += 1) {
      if (journal.release.stop !== null) answer(createRandom(count))
      turn()
      if (problems.length > 0) return
      for (const { service, lane } of pending()) comeOut(service, lane.goal, lane.intent, resultOf(lane.goal, true))
      seeAll()
      if (journal.release.ended !== null) break
      now += 100
    }
    if (journal.release.retired !== null) return
    if (services.every((service) => stateOf(service).intents === 0 || stateOf(service).settled?.on === 'blue')) return
    if (journal.release.ended?.outcome !== 'rolled back')
      problems.push('it does not go back within a bounded number of turns')
    checkOnBlue(true)
  }

  function checkOnBlue(isBack: boolean): void {
    if (!isBack) return
    for (const [service, own] of world.services) {
      // What somebody changed after it was back is theirs.
      if ((edited.get(service) ?? 0) >= (stateOf(service).settled?.at ?? 0)) continue
      const state = stateOf(service)
      const touched = Object.keys(state.lanes)
      if (touched.includes('weights') && own.weight !== 0) problems.push(`${service} is back, but has ${own.weight} %`)
      if (touched.includes('schedule') && own.owner.green) problems.push(`${service} is back, but green runs its ticks`)
      if (touched.includes('workload') && plan.moves[service]?.kind !== 'job' && own.replicas.green > 0)
        problems.push(`${service} is back, but green has ${own.replicas.green} replicas`)
    }
  }
}

/** Less on green than the goal says. */
const isLess = (
  own: { weight: number; owner: { green: boolean; blue: boolean }; replicas: { green: number; blue: number } },
  goal: Goal,
): boolean =>
  (goal.kind === 'weights' && own.weight < goal.green) ||
  (goal.kind === 'schedule' && goal.owner === 'green' && (!own.owner.green || own.owner.blue)) ||
  (goal.kind === 'workload' && own.replicas.green < goal.green)

const state = (journal: JournalState) => ({
  ...journal,
  moves: [...journal.moves].sort(([a], [b]) => (a < b ? -1 : 1)),
})
