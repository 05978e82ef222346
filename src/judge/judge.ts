import { absorb } from './absorb.ts'
import { finiteExp, logMeanExp } from './counter.ts'
import { arms, decide, strongest } from './decide.ts'
import { type RatioInterval, ratioInterval } from './estimate.ts'
import { frozenRate } from './frozen-reference.ts'
import { guardTrips } from './guard.ts'
import { overallEvidence } from './overall.ts'
import { addBlocks, type Block, emptyBlock, type Millis, type Sample } from './sample.ts'
import type { JudgeSetup } from './setup.ts'
import { freezeReference, type JudgeState } from './state.ts'
import type { ArmCounts, Summary, Verdict } from './verdict.ts'
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
  const latched = absorbed.latched === null ? latch(setup, absorbed, sample.at) : absorbed
  const verdict = verdictAt(setup, latched, sample.at)
  return { state: rememberHold(latched, verdict), verdict }
}

/**
 * The answer at a time, without a new sample: as when metrics are silent. It never changes the state, and a state that
 * has seen no sample for more than two intervals is blind.
 */
export const verdictAt = (setup: JudgeSetup, state: JudgeState, now: Millis): Verdict => {
  const summary = summarize(setup, state, now)
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
const latch = (setup: JudgeSetup, state: JudgeState, at: Millis): JudgeState => {
  const found = findRollback(setup, state, at)
  return found === null ? state : { ...state, latched: { ...found, at } }
}

const findRollback = (
  setup: JudgeSetup,
  state: JudgeState,
  at: Millis,
): { readonly cause: 'guard' | 'limit' | 'evidence'; readonly because: string } | null => {
  if (guardNow(setup, state)) {
    const { green, blue } = armsOf(state.evidence.guard.reduce(addBlocks, emptyBlock))
    const beside = frozenNow(setup, state) === null ? `, ${failed('blue', blue)}` : ''
    return {
      cause: 'guard',
      because: `in the last ${state.evidence.guard.length} samples ${failed('green', green)}${beside}`,
    }
  }
  for (const [i, gauge] of setup.gauges.entries()) {
    const level = state.evidence.gauges[i]?.level ?? null
    if (gauge.limit !== null && level !== null && level > gauge.limit)
      return {
        cause: 'limit',
        because: `${gauge.name} of green was ${Number(level.toPrecision(4))} on average, its limit is ${gauge.limit}`,
      }
  }
  const { E, checks } = overallEvidence(setup, state, at)
  if (E < 1 / setup.alpha) return null
  return {
    cause: 'evidence',
    because: `evidence against green is ${evidenceWords(E)}, at least 1/alpha = ${evidenceWords(1 / setup.alpha)}; most of it from ${strongest({ E, checks })}; ${arms(armsOf(state.counts))}`,
  }
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

const armsOf = ({ xg, ng, xb, nb }: Block): { readonly blue: ArmCounts; readonly green: ArmCounts } => ({
  blue: { requests: nb, errors: xb },
  green: { requests: ng, errors: xg },
})
