import { isWarmingUp } from './absorb.ts'
import { errorEvidence, pairEvidence } from './checks.ts'
import type { Millis } from './sample.ts'
import type { JudgeSetup } from './setup.ts'
import type { JudgeState, Pair } from './state.ts'
import type { CheckSummary } from './verdict.ts'

/**
 * The evidence of each check and of all together. The weights are fixed by which checks the service has: errors have
 * one half (all, if alone), the others share the rest. One that is not judged counts as 1. An average of e-processes is
 * one again under any dependence between the checks, so alpha holds for the sum.
 */
export const overallEvidence = (
  setup: JudgeSetup,
  state: JudgeState,
  now: Millis,
): { readonly E: number; readonly checks: readonly CheckSummary[] } => {
  const pooled = pooledChecks(setup, state, now)
  const rest = pooled.length - 1
  const weights = pooled.map((_, i) => (rest === 0 ? 1 : i === 0 ? 1 / 2 : 1 / 2 / rest))
  const weighted = pooled.map((check, i) => ({ ...check, weight: check.may === 'hold' ? 0 : (weights[i] ?? 0) }))
  const E = pooled.reduce((sum, check, i) => sum + (weights[i] ?? 0) * (check.may === 'hold' ? 1 : check.E), 0)
  return { E, checks: [...weighted, ...holdingChecks(setup, state, now)] }
}

const NOISY = 'too noisy at blue to roll back by it: it may only hold'

/** The checks that can roll back, errors first. */
const pooledChecks = (setup: JudgeSetup, state: JudgeState, now: Millis): readonly CheckSummary[] => {
  const { evidence } = state
  const alone = state.frozen !== null && state.step.weightGreen >= 100
  const checks: CheckSummary[] = [
    check('errors', errorEvidence(evidence.errors), evidence.errors.counter.t, {
      holdOnly: setup.errors.holdOnly,
      note:
        alone && state.frozen?.errors.nb === 0
          ? 'not judged: blue had no request in this release to compare with'
          : setup.errors.holdOnly
            ? NOISY
            : null,
    }),
  ]
  if (setup.latency !== null) checks.push(latencyCheck(setup, state, now))
  for (const [i, drop] of setup.drops.entries()) {
    const process = evidence.drops[i]
    const unjudged = alone && drop.floor === null ? 'not judged at 100 %: no absolute limit is set' : null
    const note = unjudged ?? (drop.holdOnly ? NOISY : null)
    checks.push(check(drop.name, process?.E ?? 1, process?.t ?? 0, { holdOnly: drop.holdOnly, note }))
  }
  if (setup.objectives.errorRatio !== null) checks.push(pairCheck('errors objective', evidence.errorObjective))
  if (setup.objectives.slow !== null) {
    const unseen = evidence.slowObjective.counter.t === 0 && evidenceBegan(state)
    const one = pairCheck('latency objective', evidence.slowObjective)
    checks.push(unseen ? { ...one, note: unseenBounds([setup.objectives.slow.ms]) } : one)
  }
  return checks
}

const evidenceBegan = (state: JudgeState): boolean => state.evidence.errors.counter.t > 0

const unseenBounds = (ms: readonly number[]): string =>
  `not judged so far: no sample had a histogram with the bounds ${ms.join(', ')} ms`

const latencyCheck = (setup: JudgeSetup, state: JudgeState, now: Millis): CheckSummary => {
  if (setup.latency?.kind !== 'judged')
    return check('latency', 1, 0, { note: `not judged: ${setup.latency?.because ?? 'no histogram'}` })
  const { thresholds } = setup.latency
  const E = mean(state.evidence.latency.map((t, i) => (thresholds[i]?.holdOnly ? 1 : pairEvidence(t.rollback))))
  const holdOnly = thresholds.every((t) => t.holdOnly)
  const waits = state.young || isWarmingUp(setup, state, now)
  const samples = state.evidence.latency[0]?.rollback.counter.t ?? 0
  const unseen = samples === 0 && evidenceBegan(state) ? unseenBounds(thresholds.map((t) => t.ms)) : null
  return check('latency', E, samples, {
    holdOnly,
    note: holdOnly ? NOISY : waits ? 'new replicas are warming up: they count later' : unseen,
  })
}

/** The checks that may only hold. */
const holdingChecks = (setup: JudgeSetup, state: JudgeState, now: Millis): readonly CheckSummary[] => {
  const { evidence } = state
  const checks: CheckSummary[] = []
  const hold = (name: string, E: number, samples: number) => checks.push(check(name, E, samples, { holdOnly: true }))
  if (evidence.latency.length > 0) {
    const samples = evidence.latency[0]?.hold.counter.t ?? 0
    hold('latency within margin', mean(evidence.latency.map((t) => pairEvidence(t.hold))), samples)
    if (state.young || isWarmingUp(setup, state, now))
      hold(
        'latency warming up',
        mean(evidence.latency.map((t) => pairEvidence(t.warming))),
        evidence.latency[0]?.warming.counter.t ?? 0,
      )
  }
  for (const [i, gauge] of setup.gauges.entries())
    hold(gauge.name, evidence.gauges[i]?.process.E ?? 1, evidence.gauges[i]?.process.t ?? 0)
  return checks
}

const check = (
  name: string,
  E: number,
  samples: number,
  more: { readonly holdOnly?: boolean; readonly note?: string | null } = {},
): CheckSummary => ({
  check: name,
  E,
  may: more.holdOnly ? 'hold' : 'roll back',
  weight: 0,
  samples,
  note: more.note ?? null,
})

const pairCheck = (name: string, pair: Pair): CheckSummary => check(name, pairEvidence(pair), pair.counter.t)

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 1 : values.reduce((sum, value) => sum + value, 0) / values.length
