import { absorb } from './absorb.ts'
import { finiteExp, logMeanExp } from './counter.ts'
import { arms, decide, strongest } from './decide.ts'
import { type RatioInterval, ratioInterval } from './estimate.ts'
import { frozenRate } from './frozen-reference.ts'
import { guardTrips } from './guard.ts'
import { overallEvidence } from './overall.ts'
import { addBlocks, emptyBlock, type Millis, type Sample } from './sample.ts'
import type { JudgeSetup } from './setup.ts'
import { freezeReference, type JudgeState } from './state.ts'
import { armsOf, type Summary, type Verdict } from './verdict.ts'
import { evidenceWords, failed } from './words.ts'

/**
 * The interval for people costs several times what the checks do, and changes ever more slowly, so it is renewed after
 * a thirtieth more samples: every 4 at first, every 60 at most.
 */
const estimateEvery = (samples: number): number => Math.max(4, Math.min(60, Math.floor(samples / 30)))
/** Its relative precision on display. */
const ESTIMATE_TOLERANCE = 1e-3

/**
 * Takes a sample in and answers. Pure: the same setup, state and samples give the same verdicts, bit for bit, also when
 * the state went through JSON on the way. A sample that is not later than the last one changes nothing, so that a
 * sample may be given again after a crash.
 */
export const judgeSample = (
  setup: JudgeSetup,
  state: JudgeState,
  sample: Sample,
): { readonly state: JudgeState; readonly verdict: Verdict } => {
  if (state.last.any !== null && sample.at <= state.last.any)
    return { state, verdict: verdictAt(setup, state, state.last.any) }
  const reached = sample.weightGreen >= 100 ? freezeReference(state, sample.at) : state
  const absorbed = withEstimate(absorb(setup, reached, sample))
  const summary = summarize(setup, absorbed, sample.at)
  const found = absorbed.latched ?? findRollback(setup, absorbed, summary, sample.at)
  const latched: JudgeState = found === null ? absorbed : { ...absorbed, latched: found }
  const verdict = answer(setup, latched, summary, sample.at)
  return { state: rememberHold(latched, verdict), verdict }
}

/**
 * The answer at a time, without a new sample: as when metrics are silent. It never changes the state, and a state that
 * has seen no sample for more than two intervals is blind.
 */
export const verdictAt = (setup: JudgeSetup, state: JudgeState, now: Millis): Verdict =>
  answer(setup, state, summarize(setup, state, now), now)

const answer = (setup: JudgeSetup, state: JudgeState, summary: Summary, now: Millis): Verdict => {
  const bare = decide({ setup, state, summary, now })
  if (bare.kind === 'advance') return { ...bare, evidence: summary }
  const since = bare.since ?? (bare.kind === 'hold' && state.held?.cause === bare.cause ? state.held.since : now)
  return { ...bare, since, evidence: summary }
}

const rememberHold = (state: JudgeState, verdict: Verdict): JudgeState => {
  if (verdict.kind !== 'hold') return state.held === null ? state : { ...state, held: null }
  if (state.held?.cause === verdict.cause) return state
  return { ...state, held: { cause: verdict.cause, since: verdict.since } }
}

/** What rolls back at once and stays: the guard, an absolute limit, or evidence of 1/alpha. */
const findRollback = (setup: JudgeSetup, state: JudgeState, summary: Summary, at: Millis): JudgeState['latched'] => {
  if (summary.guard.tripped) {
    const { green, blue } = armsOf(state.evidence.guard.reduce(addBlocks, emptyBlock))
    const beside = blue.requests === 0 ? '' : `, ${failed('blue', blue)}`
    const samples = state.evidence.guard.length
    const last = samples === 1 ? 'in the last sample' : `in the last ${samples} samples`
    return { cause: 'guard', at, because: `${last} ${failed('green', green)}${beside}` }
  }
  for (const [i, gauge] of setup.gauges.entries()) {
    const level = state.evidence.gauges[i]?.level ?? null
    if (gauge.limit === null || level === null || level <= gauge.limit) continue
    const because = `${gauge.name} of green was ${Number(level.toPrecision(4))} on average over a block, its limit is ${gauge.limit}`
    return { cause: 'limit', at, because }
  }
  if (summary.E < summary.rollBackAt) return null
  const because = `evidence against green is ${evidenceWords(summary.E)}, at least 1/alpha = ${evidenceWords(summary.rollBackAt)}; most of it from ${strongest(summary)}; ${arms(summary)}`
  return { cause: 'evidence', at, because }
}

/** The numbers behind the answer. The estimate may be a few samples old; `estimateRatio` gives it as of now. */
export const summarize = (setup: JudgeSetup, state: JudgeState, now: Millis): Summary => {
  const { E, checks } = overallEvidence(setup, state, now)
  const proof = state.step.proof.length === 0 ? 1 : finiteExp(logMeanExp(state.step.proof))
  const window = state.evidence.guard.reduce(addBlocks, emptyBlock)
  return {
    E,
    holdAt: setup.holdAt,
    rollBackAt: 1 / setup.alpha,
    checks,
    ...armsOf(state.counts),
    step: { weightGreen: state.step.weightGreen, observedMs: state.step.observedMs, ...armsOf(state.step.counts) },
    proof,
    proofNeeded: setup.proof.needed,
    proven: proof >= setup.proof.needed,
    ratio: state.estimate?.interval ?? null,
    guard: { tripped: guardNow(setup, state), requests: window.ng, errors: window.xg },
    frozenErrorRate: frozenNow(setup, state),
    lastMeasuredAt: state.last.measured,
  }
}

/** Green's error rate as a multiple of blue's over this attempt, exactly as of now. `null`: nothing to compare yet. */
export const estimateRatio = (state: JudgeState, tolerance?: number): RatioInterval | null => {
  const { counts } = state.step
  const blocks = counts.ng > 0 && counts.nb > 0 ? [...state.earlier, counts] : state.earlier
  return blocks.length === 0 ? null : ratioInterval(blocks, tolerance === undefined ? {} : { tolerance })
}

const withEstimate = (state: JudgeState): JudgeState => {
  const samples = state.evidence.errors.counter.t
  if (state.estimate !== null && samples - state.estimate.samples < estimateEvery(samples)) return state
  const interval = estimateRatio(state, ESTIMATE_TOLERANCE)
  return interval === null ? state : { ...state, estimate: { interval, samples } }
}

const frozenNow = (setup: JudgeSetup, state: JudgeState): number | null => {
  if (state.frozen === null || state.step.weightGreen < 100) return null
  return frozenRate({ events: state.frozen.errors.xb, requests: state.frozen.errors.nb }, setup.errors)
}

const guardNow = (setup: JudgeSetup, state: JudgeState): boolean => {
  const window = state.evidence.guard
  // Right after 100 % is reached the window still holds requests of blue, which say more than its frozen rate.
  const alone = window.every((block) => block.nb === 0)
  return guardTrips(window, setup.errors.phi, alone ? frozenNow(setup, state) : null)
}
