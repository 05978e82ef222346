import type { RollbackScope } from '../journal/events.ts'
import type { JournalState } from '../journal/fold.ts'
import { type MoveState, newMove } from '../journal/move-state.ts'
import { isCrossing } from '../moves/decision.ts'
import { wayBack } from '../moves/go-back.ts'
import type { Goal, Side } from '../moves/goal.ts'
import { goingBack } from '../plan/dependents.ts'
import type { MoveKind, MovePlan, Plan } from '../plan/plan.ts'
import { describeScope } from './describe-event.ts'
import { plural } from './words.ts'

export type RollbackService = {
  readonly service: string
  readonly kind: MoveKind
  readonly on: 'blue' | 'green' | 'between'
  /** What will be done, in this order; empty: it is on blue, and nothing is to be done. */
  readonly acts: readonly string[]
  /** It goes back when these are back; an exposed service waits for nobody. */
  readonly after: readonly string[]
  /** What going back does not undo. */
  readonly stays: readonly string[]
}

export type RollbackView = {
  readonly scope: RollbackScope
  readonly text: string
  /** null: it can be ordered. */
  readonly refused: string | null
  /** In the order in which they go back. */
  readonly services: readonly RollbackService[]
  readonly warnings: readonly string[]
}

/** What a rollback would do, by the journal and the plan alone. Pure; changes nothing. */
export const viewRollback = (
  journal: JournalState,
  scope: RollbackScope,
  assumeDead: Side | null = null,
): RollbackView => {
  const { plan, retired } = journal.release
  const base = { scope, text: describeScope(scope), services: [], warnings: [] }
  if (plan === null) return { ...base, refused: 'the release has not begun: everything is on blue' }
  if (retired !== null) return { ...base, refused: `${retired.by} retired blue: there is nothing to go back to` }
  const unknown = unknownScope(plan, scope)
  if (unknown !== null) return { ...base, refused: unknown }
  const services = goingBack(plan, scope)
  const set = new Set(services)
  return {
    ...base,
    refused: null,
    services: services.flatMap((service) => {
      const move = plan.moves[service]
      if (move === undefined) return []
      return [serviceBack(journal.moves.get(service) ?? newMove(service), move, dependentsIn(plan, service, set))]
    }),
    warnings: warningsOf(journal, plan, scope, assumeDead),
  }
}

const unknownScope = (plan: Plan, scope: RollbackScope): string | null => {
  if (scope.kind === 'service' && !Object.hasOwn(plan.moves, scope.service))
    return `there is no service "${scope.service}" in this release; it has ${Object.keys(plan.moves).toSorted().join(', ')}`
  if (scope.kind === 'wave' && !plan.waves.some(({ number }) => number === scope.wave))
    return `there is no wave ${scope.wave}; the plan has ${plural(plan.waves.length, 'wave')}`
  return null
}

const dependentsIn = (plan: Plan, service: string, among: ReadonlySet<string>): readonly string[] =>
  Object.values(plan.moves)
    .filter((move) => move.service !== service && move.needs.includes(service) && among.has(move.service))
    .map((move) => move.service)

const serviceBack = (state: MoveState, plan: MovePlan, after: readonly string[]): RollbackService => {
  const isBack = state.settled?.on === 'blue' || state.intents === 0
  return {
    service: plan.service,
    kind: plan.kind,
    on: isBack || !isCrossing(state, plan) ? 'blue' : state.settled?.on === 'green' ? 'green' : 'between',
    acts: isBack ? [] : wayBack(state, plan).map((goal) => actWords(goal, state)),
    after: plan.kind === 'exposed' ? [] : after,
    stays: isBack ? [] : whatStays(state),
  }
}

const actWords = (goal: Goal, state: MoveState): string => {
  switch (goal.kind) {
    case 'weights': {
      const now = state.lanes.weights?.goal
      return `weight ${now?.kind === 'weights' ? `${now.green} %` : 'of green'} → ${goal.green} %`
    }
    case 'schedule':
      return state.baseline?.suspended === true ? 'its schedule stays suspended' : `its schedule back to ${goal.owner}`
    case 'workload':
      return `${plural(goal.blue, 'replica')} on blue, then ${goal.green} on green`
    case 'data':
      return `${goal.primary} holds the primary again`
    case 'provision':
    case 'test':
      return `nothing for ${goal.kind}`
    default:
      return goal satisfies never
  }
}

const whatStays = ({ goodRuns, badRuns, ticksLetGo }: MoveState): readonly string[] => {
  const runs = goodRuns + badRuns.length
  return [
    ...(runs === 0 ? [] : [`${plural(runs, 'run')} on green did their work already`]),
    ...(ticksLetGo.length === 0 ? [] : [`${plural(ticksLetGo.length, 'tick')} that the policy let go stay let go`]),
  ]
}

const warningsOf = (
  { release, moves }: JournalState,
  plan: Plan,
  scope: RollbackScope,
  assumeDead: Side | null,
): readonly string[] => {
  const jobs = Object.values(plan.moves)
    .filter((move) => move.kind === 'job' && (moves.get(move.service)?.intents ?? 0) > 0)
    .map((move) => move.service)
  return [
    ...(assumeDead !== 'green' || jobs.length === 0
      ? []
      : [`green is taken for dead: if it lives, ticks of ${jobs.join(', ')} may run twice until it is stopped`]),
    ...(release.ended === null ? [] : [`the release has ended ${release.ended.outcome}; this opens it again`]),
    ...(scope.kind === 'everything' ? [] : ['the rest of the release then holds, unless the policy says otherwise']),
    'what services did on green stays done: requests answered, items worked off, runs that ended',
  ]
}

/** What became of a rollback so far. */
export type BackView = {
  readonly scope: RollbackScope
  /** Services of the scope that are on blue now, and those that are not. */
  readonly back: readonly string[]
  readonly notBack: readonly { readonly service: string; readonly because: string }[]
  readonly because: string
}

export const isServiceBack = (journal: JournalState, service: string): boolean => {
  const state = journal.moves.get(service)
  return state === undefined || state.intents === 0 || state.skipped !== null || state.settled?.on === 'blue'
}

export const viewBack = (journal: JournalState, scope: RollbackScope): BackView => {
  const { plan, rollback } = journal.release
  const services = plan === null ? [] : goingBack(plan, scope)
  return {
    scope,
    back: services.filter((service) => isServiceBack(journal, service)),
    notBack: services
      .filter((service) => !isServiceBack(journal, service))
      .map((service) => ({
        service,
        because: journal.moves.get(service)?.stuck?.because ?? 'it was still on its way',
      })),
    because: rollback?.because ?? '',
  }
}
