import type { Answer, Run, TestResult } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import type { TestDefinition } from '../../plan/plan.ts'

export type ProbeDefinition = Extract<TestDefinition, { readonly kind: 'probe' }>

/** What a check needs of the world around it. */
export type CheckContext = {
  readonly service: string
  /** A base URL that reaches that side's copy past the router; null: it doesn't listen or none is ready. */
  readonly greenAddress: () => Promise<string | null>
  readonly blueAddress: () => Promise<string | null>
  /** Makes one run on green outside the schedule and waits for its end (or the signal). */
  readonly trialRun: (signal: AbortSignal) => Promise<Answer<Run>>
  /** Runs a probe to its end (or the signal). One that can't be run where this is has passed, and its summary says that nothing was checked. */
  readonly probe: (definition: ProbeDefinition, signal: AbortSignal) => Promise<Found>
  /** What commands get, beside `TITRATE_SERVICE`, `TITRATE_GREEN` and `TITRATE_BLUE` (addresses; empty: there is none). */
  readonly environmentVariables: Readonly<Record<string, string | undefined>>
  /** Values that must never be shown. */
  readonly secrets?: readonly string[]
  readonly signal: AbortSignal
  readonly clock: { readonly now: () => Millis; readonly monotonic: () => number }
  /** True while blue's objectives suffer: any load ends at once. */
  readonly blueGuard?: () => boolean
}

/** What a check found; the summary may still hold secrets. */
export type Found = Pick<TestResult, 'passed' | 'summary' | 'figures'>

/** A path on an address; null: there is no address. */
export const urlOn = (address: string | null, path: string): string | null =>
  address === null ? null : `${address.replace(/\/$/, '')}${path.startsWith('/') ? '' : '/'}${path}`
