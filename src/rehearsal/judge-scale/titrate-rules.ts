import { setUpJudge } from '../../engine/judging.ts'
import type { BlueHalves } from '../../judge/calibrate.ts'
import { judgeDefaults } from '../../judge/defaults.ts'
import { judgeSample } from '../../judge/judge.ts'
import type { Histogram } from '../../judge/sample.ts'
import { enterStep, startJudge } from '../../judge/state.ts'
import { speaksAgainstGreen, type Verdict } from '../../judge/verdict.ts'
import type { Policy } from '../../plan/policy.ts'
import type { Answer, RuleSet } from '../peers/rule-set.ts'

/** What a release file that says nothing about judging comes to; that it is so is tested. */
export const defaultJudgePolicy: Policy['judge'] = {
  intervalMs: judgeDefaults.intervalMs,
  alpha: judgeDefaults.alpha,
  errorRatio: judgeDefaults.errors.rho,
  errorDelta: judgeDefaults.errors.delta,
  latencyMargin: 1 + judgeDefaults.latency.margin,
  latencyRollbackMargin: 1 + judgeDefaults.latency.rollbackMargin,
  throughputRatio: judgeDefaults.drop.rho,
  toleratedExtra: null,
  warmUpMs: judgeDefaults.warmUpMs,
  maxErrorRatio: null,
  maxLatencySeconds: null,
  dispersion: null,
}

/**
 * Titrate's own judge with its defaults, set up by the function that sets up releases: dispersion learned from blue's
 * halves, latency thresholds from blue's histogram. A finding holds until it goes; nobody is there to accept it.
 */
export const titrate: RuleSet = {
  words: 'at evidence of 100, or when the guard trips; by the defaults, dispersion learned from an hour of blue',
  source: 'judge.md',
  ownRamp: [1, 5, 25, 50, 100],
  begin: ({ history }) => {
    const policy = { judge: defaultJudgePolicy, dwell: judgeDefaults.dwell }
    const plan = { service: 'service', kind: 'exposed', policy } as const
    const setup = setUpJudge(plan, latencyOf(history), history)
    let state = startJudge(setup, { at: 0 })
    return {
      enter: (step) => {
        state = enterStep(state, step)
      },
      take: (sample) => {
        const judged = judgeSample(setup, state, sample)
        state = judged.state
        return answerOf(judged.verdict)
      },
    }
  },
}

const answerOf = (verdict: Verdict): Answer => {
  switch (verdict.kind) {
    case 'advance':
      return { kind: 'advance', because: verdict.how }
    case 'hold':
      return { kind: speaksAgainstGreen(verdict) ? 'hold' : 'wait', because: verdict.cause }
    case 'roll back':
      return { kind: 'roll back', because: verdict.cause }
    case 'blind':
      return { kind: 'hold', because: 'blind' }
    default:
      return verdict satisfies never
  }
}

const latencyOf = (history: readonly BlueHalves[]): Histogram | null => {
  const arms = history.flatMap(({ a, b }) => [a.latency, b.latency]).filter((latency) => latency !== null)
  const [first] = arms
  if (first === undefined) return null
  const atOrBelow = first.boundsMs.map((_, i) => arms.reduce((sum, latency) => sum + (latency.atOrBelow[i] ?? 0), 0))
  return { boundsMs: first.boundsMs, atOrBelow, count: arms.reduce((sum, { count }) => sum + count, 0) }
}
