import { judgeDefaults } from './defaults.ts'
import { JOB_RATIOS } from './grids.ts'
import { newProcess, type Process, stepProcess } from './process.ts'
import type { Millis } from './sample.ts'
import { count, evidenceWords, percent, seconds } from './words.ts'

/** What blue's runs of a job looked like before the release. */
export type JobHistory = {
  readonly runs: number
  readonly failures: number
  /** From container start to finish. `null`: not recorded. */
  readonly p90Ms: Millis | null
  /** How many runs the p90 comes from. */
  readonly timedRuns: number
}

export type JobSetup = {
  readonly job: string
  readonly alpha: number
  readonly holdAt: number
  readonly c: number
  /** Runs on green without a finding until the job may settle. */
  readonly goodRuns: number
  /** Longest wait from the tick to the start of the container (60-90 s are usual on Fargate). `null`: no limit. */
  readonly launchLimitMs: Millis | null
  /** Failure probability that is bet against; `null`: too little history, no bet. */
  readonly failureP0: number | null
  readonly duration: { readonly p90Ms: Millis; readonly p0: number } | null
}

export type JobRun = {
  /** The run's name, which is the same whenever the run is reported: a run counts once. */
  readonly name: string
  readonly at: Millis
  readonly failed: boolean
  readonly durationMs: Millis | null
  readonly launchDelayMs: Millis | null
}

export type JobState = {
  readonly version: 1
  readonly failure: Process
  readonly duration: Process
  readonly runs: number
  readonly failures: number
  readonly goodInARow: number
  /** Of the last runs, so that one reported again is known. */
  readonly names: readonly string[]
  readonly firstFailure: { readonly name: string; readonly at: Millis } | null
  /** A person has looked at the failures so far; from then on the evidence decides. */
  readonly failureAccepted: boolean
  readonly lateLaunch: { readonly name: string; readonly at: Millis; readonly delayMs: Millis } | null
  readonly latched: { readonly at: Millis; readonly because: string } | null
  readonly held: { readonly cause: string; readonly since: Millis } | null
}

export type JobVerdict =
  | { readonly kind: 'advance'; readonly because: string; readonly evidence: JobSummary }
  | {
      readonly kind: 'hold'
      /** `too few runs` only waits; the others are findings. */
      readonly cause: 'first failure' | 'evidence' | 'launch delay' | 'too few runs'
      readonly until: 'person' | 'policy' | 'passes'
      readonly since: Millis
      readonly because: string
      readonly evidence: JobSummary
    }
  | {
      readonly kind: 'roll back'
      readonly cause: 'evidence'
      readonly since: Millis
      readonly because: string
      readonly evidence: JobSummary
    }

export type JobSummary = {
  readonly E: number
  readonly holdAt: number
  readonly rollBackAt: number
  readonly checks: readonly { readonly check: string; readonly E: number; readonly note: string | null }[]
  readonly runs: number
  readonly failures: number
  readonly goodInARow: number
  readonly goodRunsNeeded: number
}

/** Failure probability to bet against: an upper bound of blue's, and what is tolerated beyond it. It can exceed 1. */
export const jobFailureP0 = (
  blue: { readonly failures: number; readonly runs: number },
  policy: { readonly tolerated: number; readonly floor: number } = judgeDefaults.job,
): number =>
  Math.max(
    policy.floor,
    (blue.failures + 2 + 1.645 * Math.sqrt(blue.failures + 1)) / (blue.runs + 2) + policy.tolerated,
  )

/** Probability that a run on green is longer than blue's empirical quantile, if they are alike (one-sided DKW, Massart). */
export const jobDurationP0 = (
  timedRuns: number,
  quantile: number = judgeDefaults.job.durationQuantile,
  dkwAlpha: number = judgeDefaults.job.dkwAlpha,
): number => 1 - quantile + Math.sqrt(Math.log(1 / dkwAlpha) / (2 * timedRuns))

export const jobSetup = (
  job: string,
  blue: JobHistory,
  policy: Partial<Pick<JobSetup, 'alpha' | 'holdAt' | 'goodRuns' | 'launchLimitMs'>> = {},
): JobSetup => {
  const failureP0 = jobFailureP0(blue)
  const durationP0 = blue.timedRuns === 0 ? Number.POSITIVE_INFINITY : jobDurationP0(blue.timedRuns)
  const { ceiling, c, goodRuns } = judgeDefaults.job
  return {
    job,
    alpha: judgeDefaults.alpha,
    holdAt: judgeDefaults.holdAt,
    goodRuns,
    launchLimitMs: null,
    ...policy,
    c,
    failureP0: failureP0 > ceiling ? null : failureP0,
    duration: blue.p90Ms === null || durationP0 > ceiling ? null : { p90Ms: blue.p90Ms, p0: durationP0 },
  }
}

export const startJobJudge = (): JobState => ({
  version: 1,
  failure: newProcess,
  duration: newProcess,
  runs: 0,
  failures: 0,
  goodInARow: 0,
  names: [],
  firstFailure: null,
  failureAccepted: false,
  lateLaunch: null,
  latched: null,
  held: null,
})

/** A person has looked at the failure, or the late start, that holds the job, and lets it go on. */
export const acceptJobHold = (state: JobState): JobState => ({
  ...state,
  failureAccepted: state.failureAccepted || state.firstFailure !== null,
  lateLaunch: null,
})

/** Bets on "it happened more often than p0": y is 1 if it did. Never capped: runs are few. */
export const jobBets = (y: 0 | 1, p0: number): readonly number[] =>
  JOB_RATIOS.map((r) => {
    const p1 = Math.min(0.95, r * p0)
    return y === 1 ? p1 / p0 : (1 - p1) / (1 - p0)
  })

/** Names of this many runs are kept; runs reported again come soon after the first time. */
const KEPT_NAMES = 50

/** Takes one finished run on green in, and answers. A run that was taken in before changes nothing. */
export const judgeRun = (
  setup: JobSetup,
  state: JobState,
  run: JobRun,
): { readonly state: JobState; readonly verdict: JobVerdict } => {
  if (state.names.includes(run.name)) return { state, verdict: jobVerdict(setup, state, run.at) }
  const schedule = { c: setup.c, cap: null }
  const bet = (process: Process, happened: boolean, p0: number) =>
    stepProcess(process, jobBets(happened ? 1 : 0, p0), schedule)
  const { failureP0, duration, launchLimitMs } = setup
  const late = launchLimitMs !== null && run.launchDelayMs !== null && run.launchDelayMs > launchLimitMs
  const taken: JobState = {
    ...state,
    failure: failureP0 === null ? state.failure : bet(state.failure, run.failed, failureP0),
    duration:
      duration === null || run.durationMs === null
        ? state.duration
        : bet(state.duration, run.durationMs > duration.p90Ms, duration.p0),
    runs: state.runs + 1,
    failures: state.failures + (run.failed ? 1 : 0),
    goodInARow: run.failed ? 0 : state.goodInARow + 1,
    names: [...state.names.slice(-(KEPT_NAMES - 1)), run.name],
    firstFailure: state.firstFailure ?? (run.failed ? { name: run.name, at: run.at } : null),
    lateLaunch: late ? { name: run.name, at: run.at, delayMs: run.launchDelayMs } : state.lateLaunch,
  }
  const latched = taken.latched === null ? latch(setup, taken, run.at) : taken
  const verdict = jobVerdict(setup, latched, run.at)
  const held = verdict.kind === 'hold' ? { cause: verdict.cause, since: verdict.since } : null
  return { state: { ...latched, held }, verdict }
}

const latch = (setup: JobSetup, state: JobState, at: Millis): JobState => {
  const { E } = summarizeJob(setup, state)
  if (E < 1 / setup.alpha) return state
  const because = `evidence against ${setup.job} on green is ${evidenceWords(E)}, at least 1/alpha = ${evidenceWords(1 / setup.alpha)}: ${runsWords(state)}`
  return { ...state, latched: { at, because } }
}

const runsWords = ({ runs, failures }: JobState): string =>
  `${count(failures)} of ${count(runs)} runs failed${runs === 0 ? '' : ` (${percent(failures / runs)})`}`

/** The answer as things stand. */
export const jobVerdict = (setup: JobSetup, state: JobState, now: Millis): JobVerdict => {
  const evidence = summarizeJob(setup, state)
  const since = (cause: string) => (state.held?.cause === cause ? state.held.since : now)
  if (state.latched !== null)
    return { kind: 'roll back', cause: 'evidence', since: state.latched.at, because: state.latched.because, evidence }
  if (state.firstFailure !== null && !state.failureAccepted) {
    const because = `${state.firstFailure.name} failed: the first failure on green holds ${setup.job} until a person has looked (${runsWords(state)})`
    return { kind: 'hold', cause: 'first failure', until: 'person', since: state.firstFailure.at, because, evidence }
  }
  if (evidence.E >= setup.holdAt) {
    const because = `evidence against ${setup.job} on green is ${evidenceWords(evidence.E)} (holds at ${setup.holdAt}): ${runsWords(state)}`
    return { kind: 'hold', cause: 'evidence', until: 'policy', since: since('evidence'), because, evidence }
  }
  if (state.lateLaunch !== null) {
    const because = `${state.lateLaunch.name} started ${seconds(state.lateLaunch.delayMs)} after its tick, the limit is ${seconds(setup.launchLimitMs ?? 0)}`
    return { kind: 'hold', cause: 'launch delay', until: 'person', since: state.lateLaunch.at, because, evidence }
  }
  if (state.goodInARow >= setup.goodRuns)
    return {
      kind: 'advance',
      because: `${count(state.goodInARow)} good runs in a row on green, ${setup.goodRuns} were asked for`,
      evidence,
    }
  const because = `${count(state.goodInARow)} of ${setup.goodRuns} good runs in a row on green so far`
  return { kind: 'hold', cause: 'too few runs', until: 'passes', since: since('too few runs'), because, evidence }
}

/** Failure and duration have one half each; failure alone has all. What is not judged counts as 1. */
export const summarizeJob = (setup: JobSetup, state: JobState): JobSummary => {
  const { failureP0, duration } = setup
  return {
    E: duration === null ? state.failure.E : (state.failure.E + state.duration.E) / 2,
    holdAt: setup.holdAt,
    rollBackAt: 1 / setup.alpha,
    checks: [
      {
        check: 'failure',
        E: state.failure.E,
        note:
          failureP0 === null ? 'not judged: too little history on blue; the first failure holds all the same' : null,
      },
      {
        check: 'duration',
        E: state.duration.E,
        note: duration === null ? 'not judged: too little history on blue' : null,
      },
    ],
    runs: state.runs,
    failures: state.failures,
    goodInARow: state.goodInARow,
    goodRunsNeeded: setup.goodRuns,
  }
}
