import { judgeDefaults } from './defaults.ts'
import { latencyRho, latencyThresholds } from './latency.ts'
import type { Histogram, Millis } from './sample.ts'

/** Of one check: how noisy it is, and whether it is too noisy to take anything back. */
export type Noise = { readonly phi: number; readonly holdOnly: boolean }

export type ThresholdSetup = Noise & {
  readonly ms: number
  /** How many more slow requests the margins for holding and for rolling back allow. */
  readonly rhoHold: number
  readonly rhoRollback: number
}

/** A histogram without a usable threshold is not judged: it counts as E = 1, and is said to be so. */
export type LatencySetup =
  | { readonly kind: 'judged'; readonly thresholds: readonly ThresholdSetup[] }
  | { readonly kind: 'not judged'; readonly because: string }

/** A counter that green must not let fall: answered requests, or a business counter by the name that samples use. */
export type DropSetup = Noise & {
  /** The name of the check. */
  readonly name: string
  readonly counts: { readonly kind: 'answered requests' } | { readonly kind: 'business'; readonly counter: string }
  readonly rho: number
  /** At 100 %, without blue: least events per assigned request. `null`: not judged there. */
  readonly floor: number | null
}

export type GaugeSetup = {
  readonly name: string
  /** Green may be above blue by this part of it. Beyond: hold, never roll back. */
  readonly margin: number
  /** Green's level, averaged over a block, above which it goes back. `null`: none. */
  readonly limit: number | null
  readonly blockMs: Millis
}

/** Limits that hold whatever blue does, because damage to something shared hurts both arms. */
export type ObjectivesSetup = {
  /** Largest part of requests that may fail. */
  readonly errorRatio: number | null
  /** Largest part of requests that may be slower than a bound of the histogram. */
  readonly slow: { readonly ms: number; readonly share: number } | null
}

/** All that the judge of one service knows beside its samples. Fixed for an attempt: it is written into the plan. */
export type JudgeSetup = {
  readonly service: string
  readonly intervalMs: Millis
  readonly alpha: number
  readonly holdAt: number
  /** Samples after which half of the money is bet. */
  readonly c: number
  readonly warmUpMs: Millis
  /** In observed time: a time without metrics doesn't count. */
  readonly dwell: { readonly minMs: Millis; readonly maxMs: Millis }
  readonly proof: { readonly needed: number; readonly rho: number; readonly tolerated: number }
  readonly errors: Noise & { readonly rho: number; readonly delta: number }
  /** `null`: the service has no latency histogram. */
  readonly latency: LatencySetup | null
  readonly drops: readonly DropSetup[]
  readonly gauges: readonly GaugeSetup[]
  readonly objectives: ObjectivesSetup
}

/** The defaults of `judge.md` for a service, with what differs. */
export const judgeSetup = (service: string, differs: Partial<Omit<JudgeSetup, 'service'>> = {}): JudgeSetup => {
  const d = judgeDefaults
  const intervalMs = differs.intervalMs ?? d.intervalMs
  return {
    service,
    alpha: d.alpha,
    holdAt: d.holdAt,
    warmUpMs: d.warmUpMs,
    dwell: d.dwell,
    proof: { needed: d.proof.needed, rho: d.proof.rho, tolerated: d.proof.tolerated },
    errors: { rho: d.errors.rho, delta: d.errors.delta, phi: d.phi, holdOnly: false },
    latency: null,
    drops: [],
    gauges: [],
    objectives: { errorRatio: null, slow: null },
    c: Math.max(1, Math.round(d.horizonMs / intervalMs)),
    ...differs,
    intervalMs,
  }
}

/** Chooses the latency thresholds from what blue did before the release. */
export const latencySetup = (
  blue: Histogram | null,
  options: { readonly margin?: number; readonly rollbackMargin?: number; readonly phi?: number } = {},
): LatencySetup => {
  const { margin = judgeDefaults.latency.margin, rollbackMargin = judgeDefaults.latency.rollbackMargin } = options
  if (blue === null || blue.count === 0)
    return { kind: 'not judged', because: 'blue answered no request before the release, so there are no thresholds' }
  const thresholds = latencyThresholds(blue)
  if (thresholds.length === 0)
    return {
      kind: 'not judged',
      because: `none of the ${blue.boundsMs.length} bounds of blue's histogram can be used: a bound needs one before it, and slower requests`,
    }
  return {
    kind: 'judged',
    thresholds: thresholds.map((threshold) => ({
      ms: threshold.ms,
      rhoHold: latencyRho(threshold, margin),
      rhoRollback: latencyRho(threshold, rollbackMargin),
      phi: options.phi ?? judgeDefaults.phi,
      holdOnly: false,
    })),
  }
}

/** Throughput: requests that green answered, of those that the router assigned to it. */
export const throughputSetup = (floor: number | null = judgeDefaults.drop.answeredFloor): DropSetup => ({
  name: 'throughput',
  counts: { kind: 'answered requests' },
  rho: judgeDefaults.drop.rho,
  floor,
  phi: judgeDefaults.phi,
  holdOnly: false,
})

/** A business counter, such as orders, per request that the router assigned. Its limit at 100 % is a person's to set. */
export const businessSetup = (counter: string, floor: number | null = null): DropSetup => ({
  ...throughputSetup(floor),
  name: counter,
  counts: { kind: 'business', counter },
})
