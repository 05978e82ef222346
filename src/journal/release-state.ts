import type { Millis, Side } from '../moves/goal.ts'
import type { Plan } from '../plan/plan.ts'
import { shareParts } from '../plan/share-parts.ts'
import type { PersonRequest, Phase, Recorded, ReleaseEvent, ReleaseOutcome } from './events.ts'

export type RequestState = {
  readonly id: string
  readonly by: string
  readonly at: Millis
  readonly position: number
  readonly seen: number
  readonly request: PersonRequest
}

export type Gap = { readonly from: Millis; readonly until: Millis }

/** The fold of the release's stream. Plain data. */
export type ReleaseState = {
  readonly release: string
  readonly version: number
  readonly createdAt: Millis
  readonly plan: Plan | null
  readonly epoch: number
  readonly engine: string | null
  readonly engineSince: Millis | null
  /** Why the last engine left by itself; null: one is running, or it was killed. */
  readonly left: { readonly because: string; readonly at: Millis } | null
  /** Times in which nobody watched: they count neither as dwell nor as soak. No two overlap. */
  readonly gaps: readonly Gap[]
  readonly checked: {
    readonly blocking: readonly string[]
    readonly notes: readonly string[]
    readonly at: Millis
  } | null
  readonly phase: Phase | null
  readonly phaseAt: Millis | null
  readonly wavesStarted: readonly number[]
  readonly wavesSettled: readonly number[]
  /** Requests without an answer, oldest first. */
  readonly pending: readonly RequestState[]
  readonly approvals: Readonly<Record<string, { readonly by: string; readonly at: Millis }>>
  readonly held: { readonly because: string; readonly by: string; readonly at: Millis } | null
  /** Services ordered back, in this and earlier rollbacks, that have not been retried since. */
  readonly back: readonly string[]
  readonly rollback: {
    readonly because: string
    readonly by: string
    readonly at: Millis
    readonly everything: boolean
    readonly assumeDead: Side | null
  } | null
  readonly stop: { readonly where: string; readonly by: string; readonly because: string; readonly at: Millis } | null
  /** What a person was called for and has not been resolved, by `<service> <because>`. */
  readonly called: readonly string[]
  /** Ticks that ran twice or never, as `<service> <tick> <fate>`. */
  readonly oddTicks: readonly string[]
  readonly retired: { readonly by: string; readonly at: Millis } | null
  readonly ended: { readonly outcome: ReleaseOutcome; readonly because: string; readonly at: Millis } | null
}

export const newRelease = (release: string): ReleaseState => ({
  release,
  version: 0,
  createdAt: 0,
  plan: null,
  epoch: 0,
  engine: null,
  engineSince: null,
  left: null,
  gaps: [],
  checked: null,
  phase: null,
  phaseAt: null,
  wavesStarted: [],
  wavesSettled: [],
  pending: [],
  approvals: {},
  held: null,
  back: [],
  rollback: null,
  stop: null,
  called: [],
  oddTicks: [],
  retired: null,
  ended: null,
})

export const callKey = (service: string | null, because: string): string => `${service ?? '*'} ${because}`

/**
 * Gaps never overlap, so that none counts twice: an engine that is killed right after it told of one is followed by
 * another that only knows when the first was last seen alive, before that gap.
 */
const withGap = (gaps: readonly Gap[], { from, until }: Gap): readonly Gap[] => {
  const touches = (gap: Gap): boolean => gap.from <= until && from <= gap.until
  const touched = gaps.filter(touches)
  return [
    ...gaps.filter((gap) => !touches(gap)),
    {
      from: Math.min(from, ...touched.map((gap) => gap.from)),
      until: Math.max(until, ...touched.map((gap) => gap.until)),
    },
  ]
}

/** Folds one entry of the release's own stream. Pure. */
export const foldRelease = (before: ReleaseState, entry: Recorded<ReleaseEvent>): ReleaseState => {
  const state = { ...before, version: entry.version }
  const { event, at } = entry
  switch (event.kind) {
    case 'created':
      return { ...state, plan: shareParts(event.plan), createdAt: at }
    case 'took over':
      return {
        ...state,
        epoch: event.epoch,
        engine: event.engine,
        engineSince: at,
        left: null,
        gaps: event.gap === null ? state.gaps : withGap(state.gaps, event.gap),
      }
    case 'left':
      return { ...state, left: { because: event.because, at } }
    case 'not watched':
      return { ...state, gaps: withGap(state.gaps, event) }
    case 'checked':
      return { ...state, checked: { blocking: event.blocking, notes: event.notes, at } }
    case 'phase entered':
      return { ...state, phase: event.phase, phaseAt: at }
    case 'wave started':
      return { ...state, wavesStarted: [...state.wavesStarted, event.wave] }
    case 'wave settled':
      return { ...state, wavesSettled: [...state.wavesSettled, event.wave] }
    case 'requested': {
      const { id, by, seen, request } = event
      return { ...state, pending: [...state.pending, { id, by, at, position: entry.position, seen, request }] }
    }
    case 'answered':
      return { ...state, pending: state.pending.filter((request) => request.id !== event.id) }
    case 'approved':
      return { ...state, approvals: { ...state.approvals, [event.gate]: { by: event.by, at } } }
    case 'called a person':
      return { ...state, called: [...state.called, callKey(event.service, event.because)] }
    case 'call ended':
      return { ...state, called: state.called.filter((key) => key !== event.key) }
    case 'rollback ordered': {
      const back = [...new Set([...state.back, ...event.services])]
      return {
        ...state,
        back,
        // A finished release can go back as long as blue is not retired: it is open again.
        ended: null,
        // Whoever orders one service back does not call off that everything goes back.
        rollback: {
          because: event.because,
          by: event.by,
          at,
          everything: event.everything || (state.ended === null && state.rollback?.everything === true),
          assumeDead: event.assumeDead ?? (state.ended === null ? (state.rollback?.assumeDead ?? null) : null),
        },
      }
    }
    case 'retried': {
      const back = state.back.filter((service) => !event.services.includes(service))
      // Those that nobody retried still wait for a person.
      return { ...state, back, rollback: back.length === 0 ? null : state.rollback, wavesSettled: [] }
    }
    case 'held':
      return { ...state, held: { because: event.because, by: event.by, at } }
    case 'resumed':
      return { ...state, held: null }
    case 'stop seen':
      return { ...state, stop: { where: event.where, by: event.by, because: event.because, at } }
    case 'stop cleared':
      return { ...state, stop: null }
    case 'retired':
      return { ...state, retired: { by: event.by, at } }
    case 'ended':
      return { ...state, ended: { outcome: event.outcome, because: event.because, at } }
    case 'tick':
      return { ...state, oddTicks: [...state.oddTicks, `${event.service} ${event.tick} ${event.fate}`] }
    case 'pruned':
      return state
    default:
      return event satisfies never
  }
}
