import { MAX_PHI, PRIOR_PHI } from './dispersion.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

/** What the judge does where the release file says nothing. Rates and margins are fractions, times milliseconds. */
export const judgeDefaults = {
  /** One sample. */
  intervalMs: 5 * SECOND,
  /** Chance of a false rollback, per judged service and attempt. */
  alpha: 0.01,
  /** Evidence at which a service holds. */
  holdAt: 5,
  /** Half of the money has been bet after this long: slow enough for a whole release, soon enough for a late regression. */
  horizonMs: 30 * MINUTE,
  errors: {
    /** Green may fail this many times as often as blue, */
    rho: 1.2,
    /** plus this part of its requests. */
    delta: 0.0003,
  },
  latency: {
    /** Slower by more than this: hold. */
    margin: 0.05,
    /** Slower by more than this: roll back. */
    rollbackMargin: 0.25,
  },
  /** Part of throughput, or of a business counter, that green must keep of blue's. */
  drop: {
    rho: 0.9,
    /** At 100 %, where blue is no measure: least part of the assigned requests that are answered. */
    answeredFloor: 0.8,
  },
  gauge: { margin: 0.1, blockMs: 30 * SECOND, c: 60 },
  /** Dispersion where blue's history says nothing. */
  phi: PRIOR_PHI,
  maxPhi: MAX_PHI,
  /** Replicas younger than this don't count for latency. */
  warmUpMs: 4 * MINUTE,
  dwell: { minMs: 60 * SECOND, maxMs: 30 * MINUTE },
  proof: {
    /** Evidence that green is not worse, to go on. */
    needed: 20,
    /** Not worse than this many times blue, */
    rho: 1.5,
    /** plus this part of all traffic failing more (B), */
    tolerated: 0.0005,
    /** or this part for a service of less than about 50 requests a second. */
    toleratedWhenQuiet: 0.002,
    quietBelowPerSecond: 50,
  },
  job: {
    c: 20,
    /** Runs on green without a failure until a job is settled. */
    goodRuns: 3,
    /** Least and largest failure probability of blue that is bet against; above, there is too little history. */
    floor: 0.05,
    ceiling: 0.5,
    /** Failures that are tolerated beyond blue's. */
    tolerated: 0.02,
    durationQuantile: 0.9,
    dkwAlpha: 0.05,
  },
} as const

/** B: the part of all traffic that may fail more because of green, while a step is still called proven. */
export const toleratedFailures = (requestsPerSecond: number): number =>
  requestsPerSecond < judgeDefaults.proof.quietBelowPerSecond
    ? judgeDefaults.proof.toleratedWhenQuiet
    : judgeDefaults.proof.tolerated
