import type { MoveEvent } from '../journal/events.ts'
import { type MoveState, standsSince } from '../journal/move-state.ts'
import { type BlueHalves, calibrate } from '../judge/calibrate.ts'
import { toleratedFailures } from '../judge/defaults.ts'
import { failuresCheck } from '../judge/failures.ts'
import { judgeSample, verdictAt } from '../judge/judge.ts'
import type { Arm, Histogram, Sample } from '../judge/sample.ts'
import { businessSetup, type JudgeSetup, judgeSetup, latencySetup, throughputSetup } from '../judge/setup.ts'
import { acceptCheck, enterStep, type JudgeState, startJudge } from '../judge/state.ts'
import { speaksAgainstGreen, type Verdict } from '../judge/verdict.ts'
import { isCrossing } from '../moves/decision.ts'
import type { MoveFacts } from '../moves/facts.ts'
import type { Json, Millis } from '../moves/goal.ts'
import type { MovePlan } from '../plan/plan.ts'
import type { Policy } from '../plan/policy.ts'
import { leastHistory } from './blue-history.ts'
import type { SideIncrements } from './increments.ts'
import { briefly, type JudgeRow, type KeptJudge } from './judge-rows.ts'

/** One service under judgement: an era of evidence, its judge, and the step for which proof is asked. */
type Judged = {
  readonly era: number
  readonly setup: JudgeSetup
  state: JudgeState
  step: number
  stepAt: Millis
  verdict: Verdict | null
}

export type Taken = {
  readonly rows: readonly JudgeRow[]
  readonly event: MoveEvent | null
  readonly verdict: Verdict | null
}

/** What is known of blue when the evidence begins. */
export type BlueBefore = {
  /** All that its processes have measured; null: no histogram. */
  readonly latency: () => Histogram | null
  /** Its halves against each other, oldest first; where there is enough, it says how noisy blue is. */
  readonly history: () => readonly BlueHalves[]
  /** Its requests per second; null: not measured. */
  readonly perSecond: () => number | null
  /** All that it did in this release; null: not measured. */
  readonly soFar: () => Arm | null
}

export type Judging = {
  /** Whether this move is judged now: it is crossing, or has crossed and is not over. */
  isJudged(state: MoveState, plan: MovePlan): boolean
  /** Whether it is judged now, but not yet in this era of evidence: the next `sync` sets its judge up. */
  begins(state: MoveState, plan: MovePlan): boolean
  /** Takes up what the journal says: a new era, a new step, a person who accepted a hold. */
  sync(state: MoveState, plan: MovePlan, blue: BlueBefore, now: Millis): readonly JudgeRow[]
  sample(state: MoveState, plan: MovePlan, sample: Sample): Taken
  /** The verdict as time passes without a sample. */
  silence(state: MoveState, now: Millis): Taken
  /** The judge of a service as it stands; null: it has none. */
  kept(service: string): KeptJudge | null
  /** Goes on from a kept judge; the rows after it come by `restore`. */
  recall(service: string, kept: KeptJudge): void
  /** Draws the state of a service again from its stored rows. */
  restore(service: string, rows: readonly JudgeRow[]): void
  verdictOf(service: string): Verdict | null
}

/**
 * Release policy and kind of the service as the judge's setup; its dispersion from blue's history and what is tolerated
 * from blue's traffic, unless the policy says them. Fixed for one era of evidence. With a long history it takes tenths of
 * a second. `perSecond` null: the history tells, else the stricter tolerance holds.
 */
export const setUpJudge = (
  plan: Pick<MovePlan, 'service' | 'kind'> & { readonly policy: Pick<Policy, 'judge' | 'dwell'> },
  blueLatency: Histogram | null,
  history: readonly BlueHalves[],
  perSecond: number | null = null,
): JudgeSetup => {
  const { judge, dwell } = plan.policy
  const requestsPerSecond = perSecond ?? rateOf(history) ?? Number.POSITIVE_INFINITY
  const phi = judge.dispersion
  const noisy = phi === null ? {} : { phi }
  const drops =
    plan.kind === 'exposed'
      ? [{ ...throughputSetup(), rho: judge.throughputRatio, ...noisy }]
      : [{ ...businessSetup('done'), rho: judge.throughputRatio, ...noisy }]
  const base = judgeSetup(plan.service)
  const setup = judgeSetup(plan.service, {
    intervalMs: judge.intervalMs,
    alpha: judge.alpha,
    warmUpMs: judge.warmUpMs,
    dwell,
    proof: { ...base.proof, tolerated: judge.toleratedExtra ?? toleratedFailures(requestsPerSecond) },
    errors: { ...base.errors, rho: judge.errorRatio, delta: judge.errorDelta, ...noisy },
    latency:
      plan.kind === 'exposed'
        ? latencySetup(blueLatency, {
            margin: judge.latencyMargin - 1,
            rollbackMargin: judge.latencyRollbackMargin - 1,
            ...noisy,
          })
        : null,
    drops,
    objectives: {
      errorRatio: judge.maxErrorRatio,
      slow:
        judge.maxLatencySeconds === null
          ? null
          : { ms: judge.maxLatencySeconds.seconds * 1000, share: 1 - judge.maxLatencySeconds.quantile },
    },
  })
  return phi === null && history.length >= leastHistory ? calibrate(setup, history) : setup
}

const rateOf = (history: readonly BlueHalves[]): number | null => {
  const ms = history.reduce((sum, { durationMs }) => sum + durationMs, 0)
  const requests = history.reduce((sum, { a, b }) => sum + a.requests + b.requests, 0)
  return ms === 0 ? null : (requests / ms) * 1000
}

/** Green's part in percent: of the traffic as set, of a worker's replicas as wanted. */
export const greenShare = (state: MoveState): number => {
  const goal = (state.lanes.weights ?? state.lanes.workload)?.goal
  if (goal?.kind === 'weights') return goal.green
  if (goal?.kind === 'workload') return goal.blue + goal.green === 0 ? 0 : (100 * goal.green) / (goal.blue + goal.green)
  return 0
}

/** Increments of both sides and the facts of the moment as the judge's sample. */
export const makeSample = (
  state: MoveState,
  plan: MovePlan,
  facts: MoveFacts,
  increments: Readonly<Record<'blue' | 'green', SideIncrements | null>> | null,
  time: { readonly at: Millis; readonly durationMs: Millis },
): Sample => {
  const blue = increments?.blue ?? null
  const green = increments?.green ?? null
  // Copies that are not ready yet could not have taken anything: a slow start is no drop.
  const replicas = (side: 'blue' | 'green'): number => facts.workload[side]?.value.ready ?? 0
  const byReplicas = { blue: replicas('blue') * time.durationMs, green: replicas('green') * time.durationMs }
  const byRouter =
    blue?.assigned != null && green?.assigned != null ? { blue: blue.assigned, green: green.assigned } : null
  return {
    ...time,
    blue: blue?.arm ?? null,
    green: green?.arm ?? null,
    assigned: plan.kind === 'exposed' ? byRouter : byReplicas,
    weightGreen: greenShare(state),
  }
}

const causeOf = (verdict: Verdict): { readonly cause: string; readonly untilPerson: boolean } => {
  switch (verdict.kind) {
    case 'advance':
      return { cause: verdict.how, untilPerson: false }
    case 'hold':
      return { cause: verdict.cause, untilPerson: verdict.until === 'person' }
    case 'roll back':
      return { cause: verdict.cause, untilPerson: false }
    case 'blind':
      return {
        cause: `no data from ${verdict.missing === 'both' ? 'either side' : verdict.missing}`,
        untilPerson: false,
      }
    default:
      return verdict satisfies never
  }
}

/** What a person accepts who lets go on what this verdict holds. */
const acceptable = (verdict: Verdict | null, setup: JudgeSetup): readonly string[] => {
  if (verdict?.kind !== 'hold') return []
  if (verdict.cause === 'failures') return [failuresCheck]
  return verdict.evidence.checks.flatMap(({ check, may, E }) => (may === 'hold' && E >= setup.holdAt ? [check] : []))
}

/**
 * An event only when the answer changed, or was never given for this step. While gates keep the next step from its goal,
 * the judge still looks at the one before, and its events name that one: they open no gate of the next, but what speaks
 * against green stops the move all the same, and so does its end let it go on.
 */
const changed = (state: MoveState, verdict: Verdict, judgedStep: number): MoveEvent | null => {
  const { cause, untilPerson } = causeOf(verdict)
  const before = state.judged
  const step = judgedStep < 0 ? state.step : judgedStep
  const stops = verdict.kind === 'roll back' || verdict.kind === 'blind' || speaksAgainstGreen(verdict)
  if (judgedStep !== state.step && before === null && !stops) return null
  // What was said before the step's goal was reached again (something was put right meanwhile) opens no gate of it.
  const isOld = before !== null && judgedStep === state.step && before.at < (standsSince(state) ?? 0)
  const isSame = before?.step === step && before.verdict === verdict.kind && before.cause === cause
  if (isSame && !isOld) return null
  if (before?.verdict === 'roll back') return null
  return {
    kind: 'judged',
    step,
    verdict: verdict.kind,
    cause,
    against: verdict.kind === 'roll back' || speaksAgainstGreen(verdict),
    untilPerson,
    because: verdict.because,
    evidence: verdict.evidence as unknown as Json, // a summary is plain data
  }
}

export const createJudging = (): Judging => {
  const judged = new Map<string, Judged>()

  const begin = (service: string, row: Extract<JudgeRow, { kind: 'begin' }>): void => {
    judged.set(service, {
      era: row.era,
      setup: row.setup,
      state: startJudge(row.setup, { at: row.at, blue: row.blue ?? null }),
      step: -1,
      stepAt: 0,
      verdict: null,
    })
  }
  const apply = (service: string, row: JudgeRow): Verdict | null => {
    if (row.kind === 'begin') {
      begin(service, row)
      return null
    }
    const own = judged.get(service)
    if (own === undefined || own.era !== row.era) return null
    switch (row.kind) {
      case 'step':
        own.state = enterStep(own.state, { at: row.at, weightGreen: row.weightGreen })
        own.step = row.step
        own.stepAt = row.at
        return own.verdict
      case 'accept':
        own.state = acceptCheck(own.state, row.check)
        return own.verdict
      case 'sample': {
        const { state, verdict } = judgeSample(own.setup, own.state, row.sample)
        own.state = state
        own.verdict = verdict
        return verdict
      }
      default:
        return row satisfies never
    }
  }
  const isJudged = (state: MoveState, plan: MovePlan): boolean =>
    (plan.kind === 'exposed' || plan.kind === 'worker') &&
    isCrossing(state, plan) &&
    greenShare(state) > 0 &&
    state.skipped === null &&
    state.order !== 'back'

  return {
    isJudged,
    begins: (state, plan) => isJudged(state, plan) && judged.get(state.service)?.era !== state.era,
    sync: (state, plan, blue, now) => {
      if (!isJudged(state, plan)) return []
      const rows: JudgeRow[] = []
      const { service } = state
      if (judged.get(service)?.era !== state.era) {
        const setup = setUpJudge(plan, blue.latency(), blue.history(), blue.perSecond())
        const soFar = blue.soFar()
        rows.push({ kind: 'begin', era: state.era, at: now, setup, ...(soFar === null ? {} : { blue: soFar }) })
      }
      for (const row of rows) apply(service, row)
      const own = judged.get(service)
      const since = standsSince(state)
      if (own !== undefined && since !== null && (own.step !== state.step || own.stepAt < since)) {
        const row: JudgeRow = {
          kind: 'step',
          era: state.era,
          at: since,
          step: state.step,
          weightGreen: greenShare(state),
        }
        apply(service, row)
        rows.push(row)
      }
      const accepted =
        own !== undefined &&
        own.verdict?.kind === 'hold' &&
        speaksAgainstGreen(own.verdict) &&
        (state.resumedAt ?? 0) > own.verdict.since
      if (accepted)
        for (const check of acceptable(own.verdict, own.setup)) {
          if (own.state.accepted.includes(check)) continue
          const row: JudgeRow = { kind: 'accept', era: state.era, at: now, check }
          apply(service, row)
          rows.push(row)
        }
      return rows
    },
    sample: (state, plan, sample) => {
      const own = judged.get(state.service)
      if (own === undefined || !isJudged(state, plan)) return { rows: [], event: null, verdict: null }
      const { state: next, verdict } = judgeSample(own.setup, own.state, sample)
      own.state = next
      own.verdict = verdict
      const row: JudgeRow = {
        kind: 'sample',
        era: own.era,
        sample,
        verdict: verdict.kind,
        because: verdict.because,
        evidence: briefly(verdict.evidence),
      }
      return { rows: [row], event: changed(state, verdict, own.step), verdict }
    },
    silence: (state, now) => {
      const own = judged.get(state.service)
      if (own === undefined) return { rows: [], event: null, verdict: null }
      const verdict = verdictAt(own.setup, own.state, now)
      own.verdict = verdict
      return { rows: [], event: changed(state, verdict, own.step), verdict }
    },
    kept: (service) => {
      const own = judged.get(service)
      if (own === undefined) return null
      const { era, setup, state, step, stepAt } = own
      return { era, setup, state, step, stepAt }
    },
    recall: (service, kept) => void judged.set(service, { ...kept, verdict: null }),
    restore: (service, rows) => {
      for (const row of rows) apply(service, row)
    },
    verdictOf: (service) => judged.get(service)?.verdict ?? null,
  }
}
