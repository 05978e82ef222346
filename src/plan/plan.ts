import type { ServiceKind } from '../inventory/estate.ts'
import type { Goal, Millis, Side } from '../moves/goal.ts'
import type { Policy, ReleasePolicy } from './policy.ts'

/**
 * What must hold before a step goes on. A gate only reads: what it asks about is a fact of the observer, an
 * outcome in the journal, or a request of a person.
 *
 * - `verdict`: the judge answers `advance` (proof, or the maximum dwell has passed and the step is labelled unproven).
 * - `approval`: a person (one of `by`, where people are named) approved `name` in this attempt.
 * - `soak`: so much *observed* time passed since the step's goal was reached, with nothing against it.
 * - `good runs`: so many runs of the schedule ended well on green since the handoff.
 * - `ready`: green's replicas are all ready. `same version`: both sides run the same version.
 * - `test`: the named test passed, not longer ago than `maxAgeMs`.
 * - `window`: the calendar `name` is open (or, for a freeze, not in force). `condition`: the CEL expression holds.
 */
export type Gate =
  | { readonly kind: 'verdict' }
  | { readonly kind: 'approval'; readonly name: string; readonly by?: readonly string[] }
  | { readonly kind: 'soak'; readonly forMs: Millis }
  | { readonly kind: 'good runs'; readonly count: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'same version' }
  | { readonly kind: 'test'; readonly name: string; readonly maxAgeMs: Millis }
  | { readonly kind: 'window'; readonly name: string }
  | { readonly kind: 'condition'; readonly name: string; readonly cel: string }

export type Step = {
  /** Unique within its move: `provision`, `ready`, `smoke`, `hand over`, `watch`, `weight 25`, `bake`… */
  readonly name: string
  readonly before: readonly Gate[]
  /** null: nothing to do, only gates to pass. */
  readonly goal: Goal | null
  readonly after: readonly Gate[]
  readonly limitMs: Millis
  /** false: may be done while earlier waves still move (provision, readiness, smoke test). */
  readonly crossing: boolean
  /** How long the plan expects it to take. */
  readonly expectedMs: Millis
}

export const moveKinds = ['job', 'worker', 'internal', 'exposed'] as const
export type MoveKind = (typeof moveKinds)[number]

/** A check that a test goal runs: a command (exit code 0 passes) or an HTTP request (status below 400 passes). */
export type TestDefinition =
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly timeoutMs: Millis }
  | { readonly kind: 'http'; readonly url: string; readonly expectStatus: number | null; readonly timeoutMs: Millis }
  | {
      readonly kind: 'green http'
      readonly path: string
      readonly expectStatus: number | null
      readonly timeoutMs: Millis
    }
  /** `compare`: both sides under the same load in turns, which is a benchmark of old against new. */
  | {
      readonly kind: 'stress'
      readonly path: string
      readonly ratePerSecond: number
      readonly durationMs: Millis
      readonly compare?: boolean
    }
  | { readonly kind: 'trial run'; readonly timeoutMs: Millis }
  /** A short program of ours, run under the service's own account where `from` says, that connects to each target. */
  | {
      readonly kind: 'probe'
      readonly from: Side
      readonly targets: readonly ProbeTarget[]
      readonly timeoutMs: Millis
    }

/** What a probe connects to. `port` null: its name is resolved, and that is all. */
export type ProbeTarget =
  | { readonly kind: 'host'; readonly host: string; readonly port: number | null }
  /** A service of the release: its copy on green. */
  | { readonly kind: 'service'; readonly service: string }

export type MovePlan = {
  readonly service: string
  readonly kind: MoveKind
  readonly kinds: readonly ServiceKind[]
  /** 1-based. */
  readonly wave: number
  /** Services of this release that it calls, directly. They settle first and go back last. */
  readonly needs: readonly string[]
  /**
   * Services of this release that it calls, but that can't settle first: of its own cycle (same wave), or exposed and
   * moving in a later wave. Their copies on green are ready before it crosses, and when they go back, so does it.
   */
  readonly reaches?: readonly string[]
  readonly exclusive: boolean
  /** Replicas on blue when the plan was made: what green gets, and what going back restores. */
  readonly replicas: number
  /** The schedule was suspended on blue and stays so. */
  readonly suspended: boolean
  readonly steps: readonly Step[]
  readonly tests: Readonly<Record<string, TestDefinition>>
  readonly policy: Policy
  /** Why it is of this kind, in this wave, with these steps; one sentence each. */
  readonly why: readonly string[]
  readonly expectedMs: Millis
  /** Set when nothing can prove the job in a reasonable time (it runs too rarely): shown wherever it is shown. */
  readonly unproven: string | null
}

export type Wave = {
  readonly number: number
  readonly services: readonly string[]
  /** `non-exposed` waves come first; `exposed` ones wait for the parallel operation. */
  readonly phase: 'non-exposed' | 'exposed'
  readonly why: string
}

/** The whole plan: data, made by a pure function, journaled when the release is created, and then only read. */
export type Plan = {
  readonly version: 1
  readonly release: string
  readonly blue: string
  readonly green: string
  readonly policy: ReleasePolicy
  readonly waves: readonly Wave[]
  readonly moves: Readonly<Record<string, MovePlan>>
  /** Cycles that were inferred from what was seen: they move as one wave. */
  readonly cycles: readonly (readonly string[])[]
  /** SHA-256 of the release file and of both environments' files, so that a change is noticed. */
  readonly files: Readonly<Record<string, string>>
  readonly expectedMs: Millis
}
