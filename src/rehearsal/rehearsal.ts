import type { Millis } from '../moves/goal.ts'
import type { Assumption } from './assumption.ts'
import type { RehearsedPhase } from './phases.ts'
import type { Stuck } from './play-release.ts'

/** Of several plays, by nearest rank: one of the plays took so long, none of it is interpolated. */
export type Spread = { readonly p50: number; readonly p95: number; readonly least: number; readonly most: number }

export type StepPlayed = {
  readonly name: string
  /** Since the release began. */
  readonly atMs: Millis
  readonly tookMs: Millis
  /** Percent of the traffic, or of a worker's replicas, that green has in it; null: the step changes neither. */
  readonly green: number | null
  /** What the judge's verdict rested on; null: the step asks for none. */
  readonly verdict: 'proven' | 'timed' | null
}

export type MovePlayed = {
  readonly service: string
  readonly kind: string
  readonly wave: number
  /** From when its users, work or ticks begin to cross; what is prepared may be so long before. */
  readonly atMs: Millis
  readonly tookMs: Millis
  readonly steps: readonly StepPlayed[]
}

export type WavePlayed = {
  readonly number: number
  readonly phase: 'non-exposed' | 'exposed'
  readonly atMs: Millis
  readonly tookMs: Millis
  readonly moves: readonly MovePlayed[]
}

/** How long a release with a good green takes. */
export type TimePlayed = {
  readonly runs: number
  readonly total: Spread
  /** Of the time of all plays together, and the middle of each. */
  readonly phases: readonly { readonly phase: RehearsedPhase; readonly p50: Millis; readonly share: number }[]
  /** The play whose time is the middle one. */
  readonly waves: readonly WavePlayed[]
  /** Services that were taken back although green was good, over all plays. */
  readonly falseAlarms: readonly string[]
}

/** How a fault came to light: the service went back by itself, a person was called, or nobody noticed before it had settled. */
export type Noticed = 'went back' | 'called a person' | 'not noticed'

/** One fault of one service's green, played several times. */
export type FaultPlayed = {
  readonly fault: string
  readonly service: string
  readonly what: string
  readonly runs: number
  /** How many plays ended how. */
  readonly noticed: Readonly<Record<Noticed, number>>
  /** What made it known, and in which step, in most plays; where nobody noticed, why that is so, and no step. */
  readonly because: string | null
  readonly step: string | null
  /** What users or work lost that a good green would not have. */
  readonly cost: Spread & {
    readonly of: 'requests failed' | 'requests slowed' | 'items failed' | 'runs failed' | 'nothing'
  }
  /** From the first moment at which it could do harm until it came to light; of the plays in which it did. */
  readonly noticeMs: Spread | null
  /** From the same moment until the last service that went back was on blue. */
  readonly backMs: Spread | null
  /** Of a slow start that did no harm: how much later its copies were ready; else null. */
  readonly laterMs: Spread | null
  /** How long the judge would need at this rate, by its own formulas; null: it was noticed, or that says nothing here. */
  readonly would: { readonly atGreen: number; readonly ms: number | null } | null
}

/** What to change in the release file, and why. */
export type Advice = {
  readonly service: string | null
  readonly because: string
  /** Lines of the release file, to be merged into it. */
  readonly yaml: string
}

/** What the judge is expected to see of one service, by its own formulas. */
export type Sight = {
  readonly service: string
  readonly rate: number
  /** Of all that is asked at a good service, the share that fails. */
  readonly base: number
  /** The least additional share of failures that is noticed within the watched time at 100 %; null: not even if all fails. */
  readonly leastNoticed: number | null
  readonly withinMs: Millis
  /** Until twice as many failures as on blue are noticed at 100 %; null: that is within the margin. */
  readonly doubledMs: Millis | null
}

export type Rehearsal = {
  readonly release: string
  readonly blue: string
  readonly green: string
  readonly services: number
  readonly seed: number
  readonly begin: Millis
  /** `cannot end`: `stuck` says who waits for what. */
  readonly outcome: 'ends' | 'cannot end'
  readonly stuck: readonly Stuck[]
  /** What people should know of how it was made: what could not be measured, and why. */
  readonly notes: readonly string[]
  readonly time: TimePlayed | null
  readonly faults: readonly FaultPlayed[]
  readonly sight: readonly Sight[]
  readonly advice: readonly Advice[]
  readonly assumptions: readonly Assumption[]
}
