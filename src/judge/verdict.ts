import type { RatioInterval } from './estimate.ts'
import type { Block, Millis } from './sample.ts'

/**
 * Why nothing moves. The first five are findings against green; the rest only say that it can't be told yet, or that
 * a time has not passed, and end by themselves. `failures`: green fails much, and too little is known of blue to say
 * more than that.
 */
export const findings = ['evidence', 'failures', 'latency', 'gauge', 'noisy check'] as const
export const waits = ['warming up', 'no traffic', 'dwell', 'unproven'] as const
export type Finding = (typeof findings)[number]
export type Wait = (typeof waits)[number]

export type Verdict =
  | {
      readonly kind: 'advance'
      /** `timed`: the longest dwell has passed without proof. Shown as "timed, unproven" wherever the step is shown. */
      readonly how: 'proven' | 'timed'
      readonly because: string
      readonly evidence: Summary
    }
  | {
      readonly kind: 'hold'
      readonly cause: Finding | Wait
      /** Findings: `policy` applies the release's limit on holds, `person` waits for a person or for better evidence. */
      readonly until: 'policy' | 'person' | 'passes'
      readonly since: Millis
      readonly because: string
      readonly evidence: Summary
    }
  | {
      readonly kind: 'roll back'
      readonly cause: 'guard' | 'evidence' | 'limit'
      /** When it was found. It latches: it stays until a new attempt. */
      readonly since: Millis
      readonly because: string
      readonly evidence: Summary
    }
  | {
      /** Could not measure: neither good nor bad. */
      readonly kind: 'blind'
      readonly missing: 'green' | 'blue' | 'both'
      readonly since: Millis
      readonly because: string
      readonly evidence: Summary
    }

/** True for a hold that speaks against green, false for one that only waits. */
export const speaksAgainstGreen = (verdict: Verdict): boolean =>
  verdict.kind === 'hold' && (findings as readonly string[]).includes(verdict.cause)

export type CheckSummary = {
  /** `errors`, `latency`, `latency within margin`, `latency warming up`, `throughput`, a counter's or a gauge's name … */
  readonly check: string
  readonly E: number
  /** What reaching 1/alpha does. */
  readonly may: 'roll back' | 'hold'
  /** Its part in the overall evidence; 0 for checks that may only hold. */
  readonly weight: number
  readonly samples: number
  /** Why it is not judged, or only now and then; `null` when it is. */
  readonly note: string | null
}

export type ArmCounts = { readonly requests: number; readonly errors: number }

export const armsOf = ({ xg, ng, xb, nb }: Block): { readonly blue: ArmCounts; readonly green: ArmCounts } => ({
  blue: { requests: nb, errors: xb },
  green: { requests: ng, errors: xg },
})

/** The numbers behind a verdict: plain JSON, written to the journal with it. */
export type Summary = {
  /** Overall evidence against green. Starts at 1; reaches 1/alpha by chance with probability alpha at most. */
  readonly E: number
  readonly holdAt: number
  readonly rollBackAt: number
  readonly checks: readonly CheckSummary[]
  /** Since the attempt began. */
  readonly blue: ArmCounts
  readonly green: ArmCounts
  readonly step: {
    readonly weightGreen: number
    readonly observedMs: Millis
    readonly blue: ArmCounts
    readonly green: ArmCounts
  }
  /** Evidence that green is not worse, since the step began, and how much is asked. */
  readonly proof: number
  readonly proofNeeded: number
  readonly proven: boolean
  /** Green's error rate as a multiple of blue's (95 %, valid at every moment). `upper` null: unbounded; null: no data. */
  readonly ratio: RatioInterval | null
  /** The last three samples of green. */
  readonly guard: { readonly tripped: boolean; readonly requests: number; readonly errors: number }
  /** The rate that green is judged against at 100 %; `null` before, or without any request on blue. */
  readonly frozenErrorRate: number | null
  /** End of the last interval in which both arms (at 100 %: green) were measured. */
  readonly lastMeasuredAt: Millis | null
}
