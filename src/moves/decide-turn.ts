import { bug } from '../errors.ts'
import type { JournalEvent, MoveEvent, Recorded, ReleaseEvent } from '../journal/events.ts'
import { moveStream, releaseStream } from '../journal/events.ts'
import type { JournalState } from '../journal/fold.ts'
import { foldMove, type MoveState, newMove } from '../journal/move-state.ts'
import { foldRelease, type ReleaseState } from '../journal/release-state.ts'
import type { Plan } from '../plan/plan.ts'
import { decideMove, decideSafety, isAnswer, type MoveDecision } from './decide-move.ts'
import { decideRelease } from './decide-release.ts'
import type { MoveContext } from './decision.ts'
import type { MoveFacts } from './facts.ts'
import type { Millis } from './goal.ts'
import { type MoveReport, reportMove, saysTheSame } from './report.ts'

export type TurnInput = {
  readonly journal: JournalState
  readonly plan: Plan
  readonly facts: (service: string) => MoveFacts
  /** Moves that something happened to: an outcome, an observation, a time. Moves that get an order wake by themselves. */
  readonly woken: ReadonlySet<string>
  /** The reports of the last turn; missing ones are made. */
  readonly reports: ReadonlyMap<string, MoveReport>
  readonly now: Millis
  readonly epoch: number
  readonly observation: number
  /** So many moves take a step in one turn at most; the rest is left for the next one. Safety is never left. */
  readonly maxSteps: number
  /** From the result of the last turn: what the release need not be asked again. May be left out. */
  readonly quiet?: QuietRelease | null
}

/** The release had nothing to say about this state and the reports beside it, until `wakeAt` (null: until they change). */
export type QuietRelease = { readonly state: ReleaseState; readonly wakeAt: Millis | null }

export type TurnResult = {
  /** In the order in which they were decided. */
  readonly events: readonly { readonly stream: string; readonly event: JournalEvent }[]
  readonly reports: ReadonlyMap<string, MoveReport>
  /** When each decided move wants to be asked again; null: when something happens to it. */
  readonly wakeMoves: ReadonlyMap<string, Millis | null>
  readonly wakeRelease: Millis | null
  readonly quiet: QuietRelease | null
  /** Woken moves that are to be asked again at once: this turn was full. */
  readonly left: readonly string[]
  /** Names of the rules that answered, also of those that only say what is waited for: for coverage and explanations. */
  readonly rules: ReadonlySet<string>
}

/** Far above what one turn of one release needs; beyond it two rules answer each other for ever, which is a fault of ours. */
const maxRounds = 10_000

/**
 * One turn: first every woken move may stop (safety), then the release gives orders, then moves take their next
 * step; again until nothing follows any more. Safety first is what keeps a service from taking users in the very
 * turn in which something that it needs has failed. Pure: works on a copy, and returns what happened.
 */
export const decideTurn = (input: TurnInput): TurnResult => {
  const turn = openTurn(input)
  for (let round = 0; ; round += 1) {
    if (round > maxRounds)
      throw bug(`a turn does not come to an end; last rules: ${[...turn.rules].slice(-6).join(', ')}`)
    if (turn.everyMove((service) => turn.step(service, 'safety'))) continue
    if (turn.stepRelease()) continue
    if (turn.someMoves((service) => turn.step(service, 'progress'))) continue
    // A move that came to wait, for a person say, is news for the release although nothing happened to the move.
    if (turn.stepRelease()) continue
    break
  }
  return turn.result()
}

const openTurn = (input: TurnInput) => {
  const { plan, now } = input
  let release: ReleaseState = input.journal.release
  let position = input.journal.position
  let wakeRelease: Millis | null = null
  const moves = new Map<string, MoveState>()
  let reports = input.reports
  /** Copied when something is first written into it: most turns change little, and many change nothing. */
  let ownReports: Map<string, MoveReport> | null = null
  /** The states that were reported in this turn. */
  const reportedOf = new Map<string, MoveState>()
  const woken = new Set(input.woken)
  const wakeMoves = new Map<string, Millis | null>()
  const events: { stream: string; event: JournalEvent }[] = []
  /** In the order in which they answered last. */
  const rules = new Set<string>()
  const answered = (rule: string): void => {
    rules.delete(rule)
    rules.add(rule)
  }
  const stepped = new Set<string>()
  /** The state of each move about which the rules had nothing to say: within a turn, nothing else that they see changes. */
  const quietMoves = { safety: new Map<string, MoveState>(), progress: new Map<string, MoveState>() }
  /** What the safety rules said last of a move, and of which state of it: they need not be asked twice of one. */
  const lastSafety = new Map<string, { readonly state: MoveState; readonly decision: MoveDecision | null }>()
  const safetyOf = (service: string, state: MoveState): MoveDecision | null => {
    const known = lastSafety.get(service)
    if (known?.state === state) return known.decision
    const decision = decideSafety(contextOf(service))
    lastSafety.set(service, { state, decision })
    return decision
  }
  const { quiet = null } = input
  const isQuiet = quiet !== null && quiet.state === release && (quiet.wakeAt === null || now < quiet.wakeAt)
  let askRelease = !isQuiet
  if (isQuiet) wakeRelease = quiet.wakeAt

  const stateOf = (service: string): MoveState => {
    const state = moves.get(service) ?? input.journal.moves.get(service)
    if (state !== undefined) return state
    const fresh = newMove(service)
    moves.set(service, fresh)
    return fresh
  }
  const planOf = (service: string) => {
    const move = plan.moves[service]
    if (move === undefined) throw bug(`no plan for ${service}`)
    return move
  }
  const entry = <E extends JournalEvent>(stream: string, version: number, event: E): Recorded<E> => {
    position += 1
    return { position, stream, version, at: now, epoch: input.epoch, observation: input.observation, event, hash: '' }
  }
  const tellMove = (service: string, event: MoveEvent): void => {
    const state = stateOf(service)
    moves.set(service, foldMove(state, entry(moveStream(service), state.version + 1, event)))
    events.push({ stream: moveStream(service), event })
    woken.add(service)
  }
  const tellRelease = (event: ReleaseEvent): void => {
    release = foldRelease(release, entry(releaseStream, release.version + 1, event))
    askRelease = true
    events.push({ stream: releaseStream, event })
  }
  const contextOf = (service: string): MoveContext => ({
    state: stateOf(service),
    plan: planOf(service),
    facts: input.facts(service),
    gaps: release.gaps,
    now,
  })
  const report = (service: string, decision: MoveDecision | null): void => {
    const next = reportMove(stateOf(service), planOf(service), decision)
    const before = reports.get(service)
    if (before === undefined || !saysTheSame(before, next)) askRelease = true
    reportedOf.set(service, stateOf(service))
    ownReports ??= new Map(input.reports)
    ownReports.set(service, next)
    reports = ownReports
  }
  // Whoever knows that the release is quiet had a report of every move.
  if (!isQuiet) for (const service of Object.keys(plan.moves)) if (!reports.has(service)) woken.add(service)

  return {
    rules,
    /** Whether any woken move had something to say. */
    everyMove: (step: (service: string) => boolean): boolean => {
      let any = false
      for (const service of woken) any = step(service) || any
      return any
    },
    /** As `everyMove`, until so many moves have taken steps as one turn may hold. */
    someMoves: (step: (service: string) => boolean): boolean => {
      let any = false
      for (const service of woken) {
        if (stepped.size >= input.maxSteps && !stepped.has(service)) continue
        if (!step(service)) continue
        any = true
        stepped.add(service)
      }
      return any
    },
    step: (service: string, what: 'safety' | 'progress'): boolean => {
      const state = stateOf(service)
      if (quietMoves[what].get(service) === state) return false
      const safety = safetyOf(service, state)
      const decision = what === 'progress' ? decideMove(contextOf(service), safety) : isAnswer(safety) ? safety : null
      if (decision === null || decision.events.length === 0) quietMoves[what].set(service, state)
      if (decision === null) return false
      for (const event of decision.events) tellMove(service, event)
      wakeMoves.set(service, decision.wakeAt)
      report(service, decision)
      answered(decision.rule)
      return decision.events.length > 0
    },
    stepRelease: (): boolean => {
      // A new engine must know what moves wait for before it may say that nobody is needed any more; and nobody may be
      // answered by what a move waited for before this turn.
      for (const service of woken)
        if (!reports.has(service) || (release.pending.length > 0 && reportedOf.get(service) !== stateOf(service)))
          report(service, decideMove(contextOf(service)))
      if (!askRelease) return false
      askRelease = false
      const decision = decideRelease({ state: release, plan, reports, now })
      for (const event of decision.release) tellRelease(event)
      for (const { service, event } of decision.moves) {
        tellMove(service, event)
        report(service, null)
      }
      wakeRelease = decision.wakeAt
      const any = decision.release.length + decision.moves.length > 0
      answered(decision.rule)
      return any
    },
    result: (): TurnResult => {
      const left = stepped.size < input.maxSteps ? [] : [...woken].filter((service) => !stepped.has(service))
      return {
        ...{ events, reports, wakeMoves, wakeRelease, left, rules },
        quiet: askRelease ? null : { state: release, wakeAt: wakeRelease },
      }
    },
  }
}
