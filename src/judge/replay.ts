import { judgeDefaults, toleratedFailures } from './defaults.ts'
import type { RatioInterval } from './estimate.ts'
import { estimateRatio, judgeSample } from './judge.ts'
import { recordedSamples } from './recorded-samples.ts'
import type { Recording } from './recording.ts'
import type { Histogram, Millis, Sample } from './sample.ts'
import { type JudgeSetup, judgeSetup, latencySetup, throughputSetup } from './setup.ts'
import { enterStep, startJudge } from './state.ts'
import type { ArmCounts, CheckSummary, Verdict } from './verdict.ts'

/** What the judge would have said after one sample of a past release. */
export type ReplayRow = {
  readonly at: Millis
  readonly weightGreen: number
  readonly verdict: Verdict['kind']
  /** Of a hold or a rollback its cause, of an advance how, of blind what was missing. */
  readonly cause: string
  readonly because: string
  readonly E: number
  readonly checks: readonly CheckSummary[]
  readonly proof: number
  /** Of this sample; `null` where it was not measured. */
  readonly blue: ArmCounts | null
  readonly green: ArmCounts | null
  /** Green's error rate as a multiple of blue's, from all samples so far. */
  readonly ratio: RatioInterval | null
}

export type Replay = {
  readonly setup: JudgeSetup
  readonly rows: readonly ReplayRow[]
  /** The first row that rolls back; `null` if none does. */
  readonly rolledBackAt: Millis | null
}

/**
 * Judges a recording as if it happened now, with the judge that judges releases. A changed weight enters a step. Without
 * a setup, one is made from the recording.
 */
export const replay = (recording: Recording, setup: JudgeSetup = replaySetup(recording)): Replay => {
  const samples = recordedSamples(recording)
  const [first] = samples
  let state = startJudge(setup, { at: first === undefined ? 0 : first.at - first.durationMs })
  const rows = samples.map((sample): ReplayRow => {
    if (sample.weightGreen !== state.step.weightGreen)
      state = enterStep(state, { at: sample.at - sample.durationMs, weightGreen: sample.weightGreen })
    const judged = judgeSample(setup, state, sample)
    state = judged.state
    const { kind, because, evidence } = judged.verdict
    return {
      at: sample.at,
      weightGreen: sample.weightGreen,
      verdict: kind,
      cause: causeOf(judged.verdict),
      because,
      E: evidence.E,
      checks: evidence.checks,
      proof: evidence.proof,
      blue: armCounts(sample.blue),
      green: armCounts(sample.green),
      ratio: estimateRatio(state, 1e-6),
    }
  })
  return { setup, rows, rolledBackAt: rows.find((row) => row.verdict === 'roll back')?.at ?? null }
}

const causeOf = (verdict: Verdict): string => {
  if (verdict.kind === 'advance') return verdict.how
  return verdict.kind === 'blind' ? verdict.missing : verdict.cause
}

const armCounts = (arm: Sample['blue']): ArmCounts | null => arm && { requests: arm.requests, errors: arm.errors }

/**
 * The defaults for a recording: its own interval, the tolerance of its traffic, latency thresholds from blue before green
 * had traffic (else from blue's first minute), throughput where assigned requests were recorded.
 */
export const replaySetup = (recording: Recording, differs: Partial<Omit<JudgeSetup, 'service'>> = {}): JudgeSetup => {
  const samples = recordedSamples(recording)
  const durations = samples.map((sample) => sample.durationMs).sort((a, b) => a - b)
  const intervalMs = durations[Math.floor(durations.length / 2)] ?? judgeDefaults.intervalMs
  const seconds = durations.reduce((sum, ms) => sum + ms, 0) / 1000
  const requests = samples.reduce((sum, { blue, green }) => sum + (blue?.requests ?? 0) + (green?.requests ?? 0), 0)
  const latency = samples.some((sample) => sample.blue?.latency) ? latencySetup(blueBefore(samples)) : null
  return judgeSetup('recording', {
    intervalMs,
    proof: {
      needed: judgeDefaults.proof.needed,
      rho: judgeDefaults.proof.rho,
      tolerated: toleratedFailures(seconds === 0 ? 0 : requests / seconds),
    },
    latency,
    drops: samples.some((sample) => sample.assigned) ? [throughputSetup()] : [],
    ...differs,
  })
}

const FIRST_MINUTE = 60_000

const blueBefore = (samples: readonly Sample[]): Histogram | null => {
  const begins = samples.findIndex((sample) => (sample.green?.requests ?? 0) > 0)
  const start = (samples[0]?.at ?? 0) - (samples[0]?.durationMs ?? 0)
  const before = begins > 0 ? samples.slice(0, begins) : samples.filter((sample) => sample.at - start <= FIRST_MINUTE)
  return before
    .flatMap(({ blue }) => (blue?.latency ? [blue.latency] : []))
    .reduce<Histogram | null>((sum, next) => (sum === null ? next : addHistograms(sum, next)), null)
}

const addHistograms = (a: Histogram, b: Histogram): Histogram => {
  const boundsMs = a.boundsMs.filter((ms) => b.boundsMs.includes(ms))
  const at = (h: Histogram, ms: number) => h.atOrBelow[h.boundsMs.indexOf(ms)] ?? 0
  return { boundsMs, atOrBelow: boundsMs.map((ms) => at(a, ms) + at(b, ms)), count: a.count + b.count }
}
