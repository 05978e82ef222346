import type { RatioInterval } from './estimate.ts'
import { slowerThan } from './latency.ts'
import { newProcess, type Process } from './process.ts'
import { type Arm, type Block, emptyBlock, type Millis } from './sample.ts'
import type { JudgeSetup } from './setup.ts'

/** Counter half and share half of one check. */
export type Pair = { readonly counter: Process; readonly share: Process }
export const newPair: Pair = { counter: newProcess, share: newProcess }

/** One latency threshold, at the margin for holding, at that for rolling back, and while replicas warm up. */
export type ThresholdState = { readonly hold: Pair; readonly rollback: Pair; readonly warming: Pair }
const newThreshold: ThresholdState = { hold: newPair, rollback: newPair, warming: newPair }

export type GaugeState = {
  readonly process: Process
  /** The block being filled: levels summed, and how many there were of each arm. */
  readonly block: { readonly ms: Millis; readonly blue: Sum; readonly green: Sum }
  /** Green's level over the last block; `null` before. */
  readonly level: number | null
}
export type Sum = { readonly total: number; readonly n: number }
export const emptyGaugeBlock: GaugeState['block'] = { ms: 0, blue: { total: 0, n: 0 }, green: { total: 0, n: 0 } }
const newGauge: GaugeState = { process: newProcess, block: emptyGaugeBlock, level: null }

/** The evidence of one attempt. */
export type Evidence = {
  readonly errors: { readonly counter: Process; readonly relative: Process; readonly absolute: Process }
  /** In the order of the setup's thresholds; empty when latency is not judged. */
  readonly latency: readonly ThresholdState[]
  /** In the order of the setup's drops, gauges. */
  readonly drops: readonly Process[]
  readonly gauges: readonly GaugeState[]
  readonly errorObjective: Pair
  readonly slowObjective: Pair
  /** The last samples of the error counters. */
  readonly guard: readonly Block[]
}

/** The step in hand. */
export type StepState = {
  readonly at: Millis
  readonly weightGreen: number
  readonly observedMs: Millis
  /** Sum of log likelihood ratios since the step began, for each ratio of the NONINF grid. Empty: no sample yet. */
  readonly proof: readonly number[]
  readonly counts: Block
}

/** What may not change once 100 % was reached: blue's counts then. */
export type Frozen = { readonly at: Millis; readonly errors: Block; readonly latency: readonly Block[] }

/** What the judge remembers: plain JSON, exact after `JSON.parse(JSON.stringify(state))`. Its size does not grow. */
export type JudgeState = {
  readonly version: 1
  readonly attempt: number
  readonly evidence: Evidence
  readonly step: StepState
  /** All counts of this attempt. */
  readonly counts: Block
  /** Counts of earlier steps of this attempt that had both arms, for the estimate. */
  readonly earlier: readonly Block[]
  /** When green's weight was last raised; `null`: not yet. */
  readonly raisedAt: Millis | null
  readonly frozen: Frozen | null
  /** Blue's counts (x of n, in xb and nb) over all attempts of the release: errors, and slow ones per threshold. */
  readonly blueTotal: { readonly errors: Block; readonly latency: readonly Block[] }
  /** Increments that wait for the other arm, by check. */
  readonly waiting: Readonly<Record<string, Block>>
  /** End of the last sample, and of the last one that had each arm, and both. */
  readonly last: {
    readonly any: Millis | null
    readonly blue: Millis
    readonly green: Millis
    readonly measured: Millis | null
    /** From when on a missing measurement counts: the last one, or when there was something to measure. */
    readonly due: Millis
  }
  /** Whether young replicas of green were seen in the last sample, where they can be told apart. */
  readonly young: boolean
  /** A rollback once found stays found. */
  readonly latched: {
    readonly cause: 'guard' | 'evidence' | 'limit'
    readonly at: Millis
    readonly because: string
  } | null
  readonly held: { readonly cause: string; readonly since: Millis } | null
  readonly estimate: { readonly interval: RatioInterval; readonly samples: number } | null
  /** Checks whose holds a person has accepted, in this attempt. */
  readonly accepted: readonly string[]
}

const newEvidence = (setup: JudgeSetup): Evidence => ({
  errors: { counter: newProcess, relative: newProcess, absolute: newProcess },
  latency: setup.latency?.kind === 'judged' ? setup.latency.thresholds.map(() => newThreshold) : [],
  drops: setup.drops.map(() => newProcess),
  gauges: setup.gauges.map(() => newGauge),
  errorObjective: newPair,
  slowObjective: newPair,
  guard: [],
})

const newStep = (at: Millis, weightGreen: number): StepState => ({
  at,
  weightGreen,
  observedMs: 0,
  proof: [],
  counts: emptyBlock,
})

/** What blue did so far in this release, as counts. */
const blueTotalOf = (setup: JudgeSetup, blue: Arm | null): JudgeState['blueTotal'] => {
  const thresholds = setup.latency?.kind === 'judged' ? setup.latency.thresholds : []
  const counted = (x: number, n: number): Block => ({ xg: 0, ng: 0, xb: x, nb: n })
  return {
    errors: blue === null ? emptyBlock : counted(blue.errors, blue.requests),
    latency: thresholds.map(({ ms }) => {
      const slow = blue?.latency ? slowerThan(blue.latency, ms) : null
      return slow === null || !blue?.latency ? emptyBlock : counted(slow, blue.latency.count)
    }),
  }
}

/**
 * The judge of a service before its first sample, at the start of its first attempt. `blue`: what blue did in this
 * release before, by which green is judged where blue is not beside it; absent: nothing is known.
 */
export const startJudge = (
  setup: JudgeSetup,
  start: { readonly at: Millis; readonly blue?: Arm | null },
): JudgeState => {
  const evidence = newEvidence(setup)
  return {
    version: 1,
    attempt: 1,
    evidence,
    step: newStep(start.at, 0),
    counts: emptyBlock,
    earlier: [],
    raisedAt: null,
    frozen: null,
    blueTotal: blueTotalOf(setup, start.blue ?? null),
    waiting: {},
    last: { any: null, blue: start.at, green: start.at, measured: null, due: start.at },
    young: false,
    latched: null,
    held: null,
    estimate: null,
    accepted: [],
  }
}

/**
 * A new attempt: evidence, latch and frozen reference start anew. Blue's counts stay, because they are of the whole
 * release, unless the setup's thresholds changed with it.
 */
export const startAttempt = (setup: JudgeSetup, state: JudgeState, start: { readonly at: Millis }): JudgeState => {
  const fresh = startJudge(setup, start)
  const same = fresh.blueTotal.latency.length === state.blueTotal.latency.length
  return {
    ...fresh,
    attempt: state.attempt + 1,
    blueTotal: { errors: state.blueTotal.errors, latency: same ? state.blueTotal.latency : fresh.blueTotal.latency },
    last: { ...fresh.last, any: state.last.any },
  }
}

/** Counts of more steps than this are added to the oldest, so that the state doesn't grow. */
const KEPT_STEPS = 16

/**
 * Green gets another weight. The proof that it is not worse starts anew, and so does the warm-up if the weight rose;
 * the evidence against it goes on. At 100 % blue's counts are frozen as the reference, once per attempt.
 */
export const enterStep = (
  state: JudgeState,
  step: { readonly at: Millis; readonly weightGreen: number },
): JudgeState => {
  const raised = step.weightGreen > state.step.weightGreen
  const { latency } = state.evidence
  const entered: JudgeState = {
    ...state,
    evidence: raised
      ? { ...state.evidence, latency: latency.map((t) => ({ ...t, warming: newPair })) }
      : state.evidence,
    step: newStep(step.at, step.weightGreen),
    earlier: keepCounts(state.earlier, state.step.counts),
    raisedAt: raised ? step.at : state.raisedAt,
    last: state.step.weightGreen === 0 ? { ...state.last, due: Math.max(state.last.due, step.at) } : state.last,
  }
  return step.weightGreen >= 100 ? freezeReference(entered, step.at) : entered
}

const keepCounts = (earlier: readonly Block[], counts: Block): readonly Block[] => {
  if (counts.ng === 0 || counts.nb === 0) return earlier
  const all = [...earlier, counts]
  const [first, second, ...rest] = all
  if (all.length <= KEPT_STEPS || first === undefined || second === undefined) return all
  return [
    { xg: first.xg + second.xg, ng: first.ng + second.ng, xb: first.xb + second.xb, nb: first.nb + second.nb },
    ...rest,
  ]
}

/** Fixes blue's counts as the reference of 100 %. Only the first call of an attempt does anything. */
export const freezeReference = (state: JudgeState, at: Millis): JudgeState =>
  state.frozen !== null
    ? state
    : { ...state, frozen: { at, errors: state.blueTotal.errors, latency: state.blueTotal.latency } }

/**
 * A person has looked at what a check that may only hold says, and accepts it for this attempt, as new hardware that
 * is 10 % slower. It never silences what can roll back.
 */
export const acceptCheck = (state: JudgeState, check: string): JudgeState =>
  state.accepted.includes(check) ? state : { ...state, accepted: [...state.accepted, check] }
