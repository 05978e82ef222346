import type { Millis } from '../moves/goal.ts'

export type MissedRuns = 'latest' | 'all' | 'skip'

/** What happens to the rest of the release when a verdict, a limit or a person took one service back. */
export const afterRollbackChoices = ['hold', 'continue', 'release'] as const
export type AfterRollback = (typeof afterRollbackChoices)[number]

/** The policy of one service, complete: every default is filled in. Durations are milliseconds, weights percent. */
export type Policy = {
  /** Strictly rising, the last is 100. */
  readonly weights: readonly number[]
  readonly dwell: { readonly minMs: Millis; readonly maxMs: Millis }
  readonly soakMs: Millis
  readonly bakeMs: Millis
  readonly missed: MissedRuns
  /** How long `blind` is borne before a person is called (or, with green failing its probes too, it goes back). */
  readonly blindLimitMs: Millis
  /** How long evidence may hold a move before `then`. */
  readonly holdLimit: { readonly afterMs: Millis; readonly then: 'call' | 'roll back' }
  /** How long one step may take before a person is called. */
  readonly stepLimitMs: Millis
  /** How many good runs on green settle a job; null: min(3, what runs in 24 h). */
  readonly goodRuns: number | null
  /** Whether one run outside the schedule is allowed as a trial before the handoff. */
  readonly trialRun: boolean
  /** Steps of a worker's shift, in percent of its replicas on green; the last is 100. */
  readonly shares: readonly number[]
  readonly judge: JudgePolicy
}

export type JudgePolicy = {
  readonly intervalMs: Millis
  readonly alpha: number
  /** Ratio of error ratios that is still tolerated, and the absolute floor beside it. */
  readonly errorRatio: number
  readonly errorDelta: number
  /** 1.05 = 5 % slower is held; 1.25 = 25 % slower goes back. */
  readonly latencyMargin: number
  readonly latencyRollbackMargin: number
  /** 0.9 = a drop of a tenth of throughput is tolerated. */
  readonly throughputRatio: number
  /**
   * B of the proof: tolerated extra failures as a share of all traffic (0.0005 = 0.05 %); null: by blue's traffic, more for
   * a service that has little.
   */
  readonly toleratedExtra: number | null
  /** Replicas younger than this are left out of the latency checks. */
  readonly warmUpMs: Millis
  /** Absolute limits (objectives), where people gave them. */
  readonly maxErrorRatio: number | null
  readonly maxLatencySeconds: { readonly quantile: number; readonly seconds: number } | null
  /** Overdispersion; null: measured from blue's own history, 2 without history. */
  readonly dispersion: number | null
}

/** The policy of the release as a whole. */
export type ReleasePolicy = {
  readonly parallelMs: Millis
  readonly maxPerWave: number
  readonly afterRollback: AfterRollback
  readonly approvals: { readonly beforeUserTraffic: boolean; readonly beforeRelease: boolean }
}
