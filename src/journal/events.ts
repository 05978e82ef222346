import type { Goal, IntentId, Json, Lane, Millis, Outcome, Side } from '../moves/goal.ts'
import type { Plan } from '../plan/plan.ts'

/** What the release tells a move: stay where it is; prepare (steps before the crossing); cross; hold; go back. */
export const orders = ['stay', 'prepare', 'cross', 'hold', 'back'] as const
export type Order = (typeof orders)[number]

export const verdictKinds = ['advance', 'hold', 'roll back', 'blind'] as const
export type VerdictKind = (typeof verdictKinds)[number]

/** A verdict as it is journaled: the answer, the reason in words, and the numbers (E, counts, interval) that it rests on. */
export type JudgedEvidence = {
  readonly verdict: VerdictKind
  readonly because: string
  /** The judge's own word: `proven` or `timed` for an advance; `guard`, `evidence` or `limit` for going back; what it waits for; what is missing. */
  readonly cause: string
  /** The judge found something against green, rather than only not enough for it. */
  readonly against: boolean
  /** Only a person, or better evidence, ends it. */
  readonly untilPerson: boolean
  readonly evidence: Json
}

/** Events of one move; its stream is `move/<service>`. */
export type MoveEvent =
  | { readonly kind: 'ordered'; readonly order: Order; readonly attempt: number; readonly because: string }
  | { readonly kind: 'entered'; readonly step: number; readonly name: string; readonly restarts: number }
  | {
      readonly kind: 'intended'
      readonly intent: IntentId
      readonly goal: Goal
      readonly because: string
      readonly actUntil: Millis
    }
  | { readonly kind: 'came out'; readonly intent: IntentId; readonly outcome: Outcome }
  | { readonly kind: 'baseline recorded'; readonly baseline: Baseline }
  | { readonly kind: 'gate passed'; readonly step: number; readonly gate: string; readonly because: string }
  | ({ readonly kind: 'judged'; readonly step: number } & JudgedEvidence)
  | {
      readonly kind: 'run ended'
      readonly run: string
      readonly side: Side
      readonly tick: Millis | null
      readonly good: boolean
      readonly because: string
    }
  | { readonly kind: 'drifted'; readonly lane: Lane; readonly found: string; readonly towards: Side }
  | { readonly kind: 'drift ended'; readonly lane: Lane; readonly because: string }
  | { readonly kind: 'paused'; readonly cause: PauseCause; readonly because: string }
  /** `anew`: what is compared has changed (a new version on both sides), so the evidence starts from nothing. */
  | { readonly kind: 'went on'; readonly because: string; readonly anew: boolean }
  | { readonly kind: 'held'; readonly because: string; readonly by: string }
  | { readonly kind: 'resumed'; readonly by: string; readonly because: string }
  | {
      readonly kind: 'approved'
      readonly gate: string
      readonly by: string
      readonly evidence: string
      readonly note: string | null
    }
  | { readonly kind: 'rejected'; readonly gate: string; readonly by: string; readonly because: string }
  | { readonly kind: 'asked to go back'; readonly because: string }
  | { readonly kind: 'stuck'; readonly because: string }
  | { readonly kind: 'skipped'; readonly by: string; readonly because: string }
  | {
      readonly kind: 'settled'
      readonly on: Side
      readonly label: 'proven' | 'timed, unproven' | 'unproven' | 'suspended' | null
    }

/** What stops a move by itself, without a person: it goes on by itself when the cause has gone. */
export type PauseCause = 'version' | 'blue unready'

/** What a move changes, as it was before: only these fields are ever put back. */
export type Baseline = {
  readonly replicas: number
  readonly version: string
  readonly scheduleOwner: Side | null
  readonly suspended: boolean
  readonly green: number | null
}

/** Who asks for what. `seen`: the journal position the person had seen, so that an answer to something else is noticed. */
export type PersonRequest =
  | {
      readonly kind: 'approve' | 'reject'
      readonly service: string | null
      readonly gate: string
      readonly evidence: string | null
      readonly note: string | null
    }
  | {
      readonly kind: 'hold' | 'resume' | 'retry'
      readonly service: string | null
      readonly because: string
      readonly clearStop?: boolean
    }
  | { readonly kind: 'skip'; readonly service: string; readonly because: string }
  | {
      readonly kind: 'roll back'
      readonly scope: RollbackScope
      readonly because: string
      readonly assumeDead: Side | null
    }
  | { readonly kind: 'retire'; readonly because: string }

export type RollbackScope =
  | { readonly kind: 'everything' }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'wave'; readonly wave: number }

export const phases = ['prepare', 'migrate', 'parallel', 'transition', 'monitor', 'evaluate'] as const
export type Phase = (typeof phases)[number]

export type ReleaseOutcome = 'done' | 'rolled back' | 'failed'

/** Events of the release as a whole; its stream is `release`. */
export type ReleaseEvent =
  | { readonly kind: 'created'; readonly release: string; readonly plan: Plan; readonly titrate: string }
  | {
      readonly kind: 'took over'
      readonly epoch: number
      readonly engine: string
      readonly gap: { readonly from: Millis; readonly until: Millis } | null
    }
  | { readonly kind: 'left'; readonly because: string }
  | { readonly kind: 'not watched'; readonly from: Millis; readonly until: Millis; readonly because: string }
  | {
      readonly kind: 'checked'
      readonly blocking: readonly string[]
      readonly notes: readonly string[]
      readonly findings: Json
    }
  | { readonly kind: 'phase entered'; readonly phase: Phase }
  | { readonly kind: 'wave started'; readonly wave: number }
  | { readonly kind: 'wave settled'; readonly wave: number }
  | {
      readonly kind: 'requested'
      readonly id: string
      readonly by: string
      readonly seen: number
      readonly request: PersonRequest
    }
  | {
      readonly kind: 'answered'
      readonly id: string
      readonly answer: 'accepted' | 'refused'
      readonly because: string
    }
  | {
      readonly kind: 'approved'
      readonly gate: string
      readonly by: string
      readonly evidence: string
      readonly note: string | null
    }
  | {
      readonly kind: 'called a person'
      readonly service: string | null
      readonly because: string
      readonly actions: readonly string[]
    }
  | {
      readonly kind: 'rollback ordered'
      readonly services: readonly string[]
      /** The whole release goes back, not some services of it. */
      readonly everything: boolean
      readonly because: string
      readonly by: string
      /** A side that is taken for dead: its schedules count as stopped although it can't confirm it. */
      readonly assumeDead: Side | null
    }
  | { readonly kind: 'retried'; readonly services: readonly string[]; readonly by: string }
  /** `key` is `callKey` of the call that nobody needs to answer any more. */
  | { readonly kind: 'call ended'; readonly key: string }
  | { readonly kind: 'held'; readonly because: string; readonly by: string }
  | { readonly kind: 'resumed'; readonly by: string; readonly because: string }
  | { readonly kind: 'stop seen'; readonly where: string; readonly by: string; readonly because: string }
  | { readonly kind: 'stop cleared'; readonly by: string }
  | {
      readonly kind: 'tick'
      readonly service: string
      readonly tick: Millis
      readonly blue: number
      readonly green: number
      readonly fate: TickFate
    }
  | { readonly kind: 'retired'; readonly by: string; readonly because: string }
  | { readonly kind: 'pruned'; readonly observationsBefore: number; readonly hash: string }
  | { readonly kind: 'ended'; readonly outcome: ReleaseOutcome; readonly because: string }

/** What became of an expected tick: it ran once, twice (in both or one environment), never, was let go by policy, or its evidence is gone. */
export const tickFates = ['ran', 'duplicate', 'missed', 'skipped', 'unseen'] as const
export type TickFate = (typeof tickFates)[number]

export type JournalEvent = MoveEvent | ReleaseEvent

export const releaseStream = 'release'
export const moveStream = (service: string): string => `move/${service}`

/** An event as it stands in the journal. `position` counts from 1 over the whole release, `version` from 1 in its stream. */
export type Recorded<E = JournalEvent> = {
  readonly position: number
  readonly stream: string
  readonly version: number
  /** The engine's wall clock at the append. */
  readonly at: Millis
  readonly epoch: number
  /** The last observation that the writer had seen. */
  readonly observation: number
  readonly event: E
  /** SHA-256 (hex) over the previous hash and this entry's canonical JSON. */
  readonly hash: string
}
