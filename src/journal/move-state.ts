import type { Goal, IntentId, Json, Lane, Millis, Outcome, Side } from '../moves/goal.ts'
import { laneOf } from '../moves/goal.ts'
import type { Baseline, JudgedEvidence, MoveEvent, Order, PauseCause, Recorded } from './events.ts'

/** A lane as the journal knows it: its newest intent, and what came of it (null: still under way). */
export type LaneState = {
  readonly goal: Goal
  readonly intent: IntentId
  readonly because: string
  readonly intendedAt: Millis
  readonly actUntil: Millis
  /** Version of the move's stream at the intent: the fence of every act that carries it out. */
  readonly version: number
  readonly outcome: Outcome | null
  /** Journal position of the outcome: a fact counts only if its read began after it. */
  readonly outcomeAt: { readonly position: number; readonly at: Millis } | null
}

export type TestSeen = {
  readonly passed: boolean
  readonly at: Millis
  readonly summary: string
  readonly figures: Json
}

/** The fold of one move's stream. Plain data. */
export type MoveState = {
  readonly service: string
  readonly version: number
  readonly attempt: number
  readonly order: Order
  readonly orderBecause: string
  /** Index of the step entered; -1: none yet in this attempt. */
  readonly step: number
  readonly enteredAt: Millis | null
  /** How often green's processes had been restarted when the step was entered. */
  readonly restartsAtEntry: number
  /** When the goal of the step was reached (a step without a goal: when it was entered); null: not yet. */
  readonly reachedAt: Millis | null
  readonly lanes: Readonly<Partial<Record<Lane, LaneState>>>
  readonly intents: number
  readonly baseline: Baseline | null
  /** Gates of the current step that were passed. */
  readonly passed: readonly string[]
  readonly judged: (JudgedEvidence & { readonly step: number; readonly at: Millis; readonly since: Millis }) | null
  /** Counts the times that the evidence started anew: a new attempt, or a new version on both sides. */
  readonly era: number
  readonly eraAt: Millis | null
  readonly goodRuns: number
  /** Names of the newest runs on green that were taken in, so that none counts twice. */
  readonly runs: readonly string[]
  /** When the newest of them was taken in; null: none yet. */
  readonly ranAt: Millis | null
  /** Ticks that handoffs let go, by the policy for missed runs. */
  readonly ticksLetGo: readonly Millis[]
  readonly badRuns: readonly { readonly run: string; readonly because: string; readonly at: Millis }[]
  readonly tests: Readonly<Record<string, TestSeen>>
  readonly approvals: Readonly<Record<string, { readonly by: string; readonly at: Millis; readonly evidence: string }>>
  readonly rejected: {
    readonly gate: string
    readonly by: string
    readonly because: string
    readonly at: Millis
  } | null
  readonly held: { readonly because: string; readonly by: string; readonly at: Millis } | null
  readonly paused: { readonly cause: PauseCause; readonly because: string; readonly at: Millis } | null
  /** When a person last let it go on: what failed before that is tried again. */
  readonly resumedAt: Millis | null
  readonly drift: Readonly<
    Partial<Record<Lane, { readonly found: string; readonly towards: Side; readonly at: Millis }>>
  >
  /** When what somebody else had changed was last seen to be as it should be again; null: never. */
  readonly driftEndedAt: Millis | null
  /** Lanes whose drift towards blue a person saw and let be put right. */
  readonly toPutRight: readonly Lane[]
  readonly askedBack: { readonly because: string; readonly at: Millis } | null
  readonly stuck: { readonly because: string; readonly at: Millis } | null
  readonly unproven: boolean
  /** The highest weight that a step entered in this attempt authorised, percent. */
  readonly authorised: number
  readonly settled: { readonly on: Side; readonly label: string | null; readonly at: Millis } | null
  readonly skipped: { readonly by: string; readonly because: string; readonly at: Millis } | null
}

export const newMove = (service: string): MoveState => ({
  service,
  version: 0,
  attempt: 0,
  order: 'stay',
  orderBecause: 'its wave has not started',
  step: -1,
  enteredAt: null,
  restartsAtEntry: 0,
  reachedAt: null,
  lanes: {},
  intents: 0,
  baseline: null,
  passed: [],
  judged: null,
  era: 0,
  eraAt: null,
  goodRuns: 0,
  runs: [],
  ranAt: null,
  ticksLetGo: [],
  badRuns: [],
  tests: {},
  approvals: {},
  rejected: null,
  held: null,
  paused: null,
  resumedAt: null,
  drift: {},
  driftEndedAt: null,
  toPutRight: [],
  askedBack: null,
  stuck: null,
  unproven: false,
  authorised: 0,
  settled: null,
  skipped: null,
})

/**
 * Since when all stands as the goals of the move say, what somebody else changed and we put right included; null: it does
 * not, or not yet. Nothing before that is soak or dwell.
 */
export const standsSince = ({ reachedAt, drift, driftEndedAt }: MoveState): Millis | null =>
  reachedAt === null || Object.keys(drift).length > 0 ? null : Math.max(reachedAt, driftEndedAt ?? 0)

/** What a new attempt forgets: everything but where the world is (lanes, baseline) and who was skipped. */
const startAttempt = (state: MoveState, attempt: number, at: Millis): MoveState => ({
  ...newMove(state.service),
  version: state.version,
  lanes: state.lanes,
  intents: state.intents,
  baseline: state.baseline,
  runs: state.runs,
  ranAt: state.ranAt,
  ticksLetGo: state.ticksLetGo,
  attempt,
  era: state.era + 1,
  eraAt: at,
})

/** Runs reported again come soon after the first time. */
const keptRuns = 100

const withoutLane = <T>(of: Readonly<Partial<Record<Lane, T>>>, lane: Lane): Readonly<Partial<Record<Lane, T>>> => {
  const { [lane]: _, ...rest } = of
  return rest
}

const testOf = (goal: Goal, result: Json, at: Millis): Readonly<Record<string, TestSeen>> => {
  if (goal.kind !== 'test' || typeof result !== 'object' || result === null || Array.isArray(result)) return {}
  const { passed, summary, figures } = result as { readonly [key: string]: Json }
  return {
    [goal.name]: {
      passed: passed === true,
      at,
      summary: typeof summary === 'string' ? summary : '',
      figures: figures ?? null,
    },
  }
}

const letGo = (goal: Goal, result: Json): readonly Millis[] => {
  if (goal.kind !== 'schedule' || typeof result !== 'object' || result === null || !('missed' in result)) return []
  const { missed } = result
  const skipped = typeof missed === 'object' && missed !== null && 'skipped' in missed ? missed.skipped : []
  return Array.isArray(skipped) ? skipped.filter((tick) => typeof tick === 'number') : []
}

const cameOut = (state: MoveState, entry: Recorded, intent: IntentId, outcome: Outcome): MoveState => {
  const found = Object.entries(state.lanes).find(([, lane]) => lane.intent === intent)
  // An older intent of the lane: superseded long ago, nothing hangs on it any more.
  if (found === undefined) return state
  const [name, lane] = found
  const lanes = { ...state.lanes, [name]: { ...lane, outcome, outcomeAt: { position: entry.position, at: entry.at } } }
  if (outcome.kind !== 'done') return { ...state, lanes }
  const tests = { ...state.tests, ...testOf(lane.goal, outcome.result, entry.at) }
  const ticksLetGo = [...state.ticksLetGo, ...letGo(lane.goal, outcome.result)]
  return { ...state, lanes, tests, ticksLetGo, reachedAt: state.order === 'back' ? state.reachedAt : entry.at }
}

/** Folds one entry of the move's own stream. Pure; an unknown kind is a fault of ours and fails to compile. */
export const foldMove = (before: MoveState, entry: Recorded<MoveEvent>): MoveState => {
  const state = { ...before, version: entry.version }
  const { event, at } = entry
  switch (event.kind) {
    case 'ordered': {
      const base = event.attempt > state.attempt ? startAttempt(state, event.attempt, at) : state
      return {
        ...base,
        order: event.order,
        orderBecause: event.because,
        ...(event.order === 'back' ? { stuck: null, settled: null, drift: {} } : {}),
      }
    }
    case 'entered':
      return {
        ...state,
        step: event.step,
        enteredAt: at,
        restartsAtEntry: event.restarts,
        reachedAt: null,
        passed: [],
        judged: state.judged?.verdict === 'roll back' ? state.judged : null,
      }
    case 'intended': {
      const lane: LaneState = {
        goal: event.goal,
        intent: event.intent,
        because: event.because,
        intendedAt: at,
        actUntil: event.actUntil,
        version: entry.version,
        outcome: null,
        outcomeAt: null,
      }
      const authorised = event.goal.kind === 'weights' ? Math.max(state.authorised, event.goal.green) : state.authorised
      return {
        ...state,
        lanes: { ...state.lanes, [laneOf(event.goal)]: lane },
        intents: state.intents + 1,
        toPutRight: state.toPutRight.filter((lane) => lane !== laneOf(event.goal)),
        authorised,
        reachedAt: null,
        judged: state.judged?.verdict === 'roll back' || event.goal.kind === 'test' ? state.judged : null,
      }
    }
    case 'came out':
      return cameOut(state, entry, event.intent, event.outcome)
    case 'baseline recorded':
      return { ...state, baseline: event.baseline }
    case 'gate passed':
      return { ...state, passed: [...state.passed, event.gate] }
    case 'judged': {
      const same = state.judged !== null && state.judged.verdict === event.verdict && state.judged.cause === event.cause
      const { kind: _, ...judged } = event
      return {
        ...state,
        judged: { ...judged, at, since: same && state.judged ? state.judged.since : at },
        unproven: state.unproven || event.cause === 'timed',
      }
    }
    case 'run ended': {
      // Told twice, it still is one run.
      if (event.side !== 'green' || state.runs.includes(event.run)) return state
      const runs = [...state.runs.slice(1 - keptRuns), event.run]
      if (event.good) return { ...state, runs, ranAt: at, goodRuns: state.goodRuns + 1 }
      return { ...state, runs, ranAt: at, badRuns: [...state.badRuns, { run: event.run, because: event.because, at }] }
    }
    case 'drifted':
      return { ...state, drift: { ...state.drift, [event.lane]: { found: event.found, towards: event.towards, at } } }
    case 'drift ended':
      return { ...state, drift: withoutLane(state.drift, event.lane), driftEndedAt: at }
    case 'paused':
      return { ...state, paused: { cause: event.cause, because: event.because, at } }
    case 'went on':
      return event.anew
        ? {
            ...state,
            paused: null,
            era: state.era + 1,
            eraAt: at,
            judged: null,
            // What was found out about the old version says nothing about the new one.
            passed: state.passed.filter((gate) => !gate.startsWith('after ')),
            approvals: {},
            reachedAt: state.reachedAt === null ? null : at,
          }
        : { ...state, paused: null }
    case 'held':
      return { ...state, held: { because: event.because, by: event.by, at } }
    case 'resumed':
      return {
        ...state,
        held: null,
        stuck: null,
        drift: {},
        badRuns: [],
        rejected: null,
        resumedAt: at,
        // Object.keys forgets that the keys are lanes.
        toPutRight: Object.keys(state.drift) as Lane[],
        reachedAt: null,
      }
    case 'approved':
      return {
        ...state,
        rejected: null,
        approvals: { ...state.approvals, [event.gate]: { by: event.by, at, evidence: event.evidence } },
      }
    case 'rejected':
      return { ...state, rejected: { gate: event.gate, by: event.by, because: event.because, at } }
    case 'asked to go back':
      return { ...state, askedBack: { because: event.because, at } }
    case 'stuck':
      return { ...state, stuck: { because: event.because, at } }
    case 'skipped':
      return { ...state, skipped: { by: event.by, because: event.because, at } }
    case 'settled':
      return {
        ...state,
        settled: { on: event.on, label: event.label, at },
        ...(event.on === 'blue' ? { askedBack: null, stuck: null } : {}),
      }
    default:
      return event satisfies never
  }
}
