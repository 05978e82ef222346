import type { Release, RuleSet } from '../peers/rule-set.ts'
import { type Exposure, SAMPLE_SECONDS } from '../streams/shape.ts'
import type { TrafficStream } from '../streams/traffic-stream.ts'

/**
 * How green's weight rises. `given`: the same for all, each weight for so many samples, longer only while the rules hold.
 * `own`: the weights and the pace are the tool's.
 */
export type Ramp =
  | { readonly kind: 'given'; readonly weights: readonly number[]; readonly samplesEach: number }
  | { readonly kind: 'own' }

/** The ramp of the judge's design: 1, 5, 10, 25, 50, 100 %, five minutes each. */
export const designRamp: Ramp = { kind: 'given', weights: [1, 5, 10, 25, 50, 100], samplesEach: 60 }

export type Outcome = {
  /** Sample (from 1) after which it was rolled back, and why; `null`: it was not. */
  readonly rolledBack: { readonly after: number; readonly because: string } | null
  /** Samples that ended with a hold by a finding, and whether the last one did. */
  readonly held: number
  readonly heldAtEnd: boolean
  /** Users' requests that failed, or were never answered, only because green is as it is; until it was taken back. */
  readonly extraFailed: number
  /** Users' requests that green got. */
  readonly onGreen: number
  /** Sample after which green had everything; `null`: it never had. */
  readonly reachedAll: number | null
  /** Steps left because they were proven, and because their time was over. */
  readonly proven: number
  readonly timed: number
}

/** One release under one rule set, for `length` samples at most. */
export const runRelease = (
  rules: RuleSet,
  stream: TrafficStream,
  options: { readonly ramp: Ramp; readonly length: number; readonly history: Release['history'] },
): Outcome => {
  const { ramp, length, history } = options
  const weights = ramp.kind === 'own' ? (rules.ownRamp ?? []) : ramp.weights
  const watch = rules.begin({ history, ramp: ramp.kind })
  let exposure: Exposure = []
  let heldAtEnd = false
  let [held, extraFailed, onGreen, proven, timed, step] = [0, 0, 0, 0, 0, -1]
  const raise = (i: number): void => {
    step += 1
    const weight = weights[step] ?? 100
    exposure = [...exposure, { from: i, weight }]
    watch.enter({ at: i * SAMPLE_SECONDS * 1000, weightGreen: weight })
  }
  raise(0)
  const reached = () => (weights.at(-1) === 100 && step === weights.length - 1 ? (exposure.at(-1)?.from ?? null) : null)
  const outcome = (rolledBack: Outcome['rolledBack']): Outcome => ({
    rolledBack,
    held,
    heldAtEnd: heldAtEnd && rolledBack === null,
    extraFailed,
    onGreen,
    reachedAll: reached(),
    proven,
    timed,
  })
  for (let i = 0; i < length; i++) {
    const seen = stream.at(i, exposure)
    extraFailed += seen.extraFailed
    onGreen += seen.sample.assigned?.green ?? 0
    const answer = watch.take(seen.sample, seen.baseline)
    if (answer.kind === 'roll back') return outcome({ after: i + 1, because: answer.because })
    heldAtEnd = answer.kind === 'hold'
    if (heldAtEnd) held += 1
    if (step === weights.length - 1) continue
    const inStep = i + 1 - (exposure.at(-1)?.from ?? 0)
    const goesOn =
      ramp.kind === 'own' ? answer.kind === 'advance' : answer.kind !== 'hold' && inStep >= ramp.samplesEach
    if (!goesOn) continue
    if (answer.because === 'proven') proven += 1
    if (answer.because === 'timed') timed += 1
    raise(i + 1)
  }
  return outcome(null)
}
