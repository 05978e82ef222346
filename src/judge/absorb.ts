import { addProof, remember, stepAgainstRate, stepDrop, stepErrors, stepGauge, stepSlow } from './checks.ts'
import { judgeDefaults } from './defaults.ts'
import { slowerThan } from './latency.ts'
import { type Arm, addBlocks, type Block, type Histogram, type Sample } from './sample.ts'
import type { DropSetup, JudgeSetup, ThresholdSetup } from './setup.ts'
import type { Evidence, JudgeState, ThresholdState } from './state.ts'
import { type Counted, pairArms } from './waiting.ts'

type Pairing = ReturnType<typeof pairArms>

/** Takes one sample into the evidence. Decides nothing. */
export const absorb = (setup: JudgeSetup, state: JudgeState, sample: Sample): JudgeState => {
  const alone = state.frozen !== null && sample.weightGreen >= 100
  const { blue, green, at } = sample
  // At weight 0 an absent green is not missing: blue only adds to what it is judged by later.
  if (green === null && sample.weightGreen <= 0) return absorbBlueOnly(setup, state, sample)
  const pairing = pairArms(state.waiting)
  const errors = pairing.take('errors', errorCount(blue), errorCount(green), alone)
  const latency = absorbLatency(setup, state, sample, pairing, alone)
  const before = state.evidence
  const frozen = alone ? state.frozen : null
  const evidence: Evidence = {
    errors:
      errors === null
        ? before.errors
        : stepErrors(before.errors, errors, { ...setup.errors, c: setup.c }, frozen?.errors ?? null),
    latency: latency.thresholds,
    drops: before.drops.map((process, i) => {
      const drop = setup.drops[i]
      const block =
        drop &&
        pairing.take(
          `drop:${drop.name}`,
          dropCount(drop, blue, sample.assigned?.blue),
          dropCount(drop, green, sample.assigned?.green),
          alone,
        )
      return drop && block ? stepDrop(process, block, drop, setup.c, alone) : process
    }),
    gauges: before.gauges.map((gauge, i) => {
      const one = setup.gauges[i]
      const seen = one && sample.gauges?.[one.name]
      if (!one || !seen) return gauge
      const compared = { durationMs: sample.durationMs, blue: alone ? null : seen.blue, green: seen.green }
      return stepGauge(gauge, compared, one, judgeDefaults.gauge.c)
    }),
    ...absorbObjectives(setup, before, green, latency.waits),
    guard: errors === null ? before.guard : remember(before.guard, errors),
  }
  const measured = errors !== null
  const step = state.step
  return {
    ...state,
    evidence,
    counts: errors === null ? state.counts : addBlocks(state.counts, errors),
    step: !measured
      ? step
      : {
          ...step,
          observedMs: step.observedMs + observed(setup, step.at, sample),
          proof: addProof(step.proof, errors, setup, sample.weightGreen / 100, frozen),
          counts: addBlocks(step.counts, errors),
        },
    blueTotal: {
      errors: errors === null || alone ? state.blueTotal.errors : addBlue(state.blueTotal.errors, errors),
      latency: alone
        ? state.blueTotal.latency
        : state.blueTotal.latency.map((sum, i) => addBlue(sum, latency.blocks[i] ?? null)),
    },
    waiting: pairing.rest(),
    young: latency.young,
    last: {
      any: at,
      blue: errorCount(blue) === null ? state.last.blue : at,
      green: errorCount(green) === null ? state.last.green : at,
      measured: measured ? at : state.last.measured,
      due: state.last.due,
    },
  }
}

/** A gap that the counters covered was not watched, so it counts as two intervals at most; nor was the time before the step. */
const observed = (setup: JudgeSetup, stepAt: number, { at, durationMs }: Sample): number =>
  Math.max(0, Math.min(durationMs, 2 * setup.intervalMs, at - stepAt))

const absorbBlueOnly = (setup: JudgeSetup, state: JudgeState, { blue, at }: Sample): JudgeState => {
  const thresholds = setup.latency?.kind === 'judged' ? setup.latency.thresholds : []
  const asBlock = (counted: Counted | null): Block | null => counted && { xg: 0, ng: 0, xb: counted.x, nb: counted.n }
  return {
    ...state,
    waiting: {},
    blueTotal: {
      errors: addBlue(state.blueTotal.errors, asBlock(errorCount(blue))),
      latency: state.blueTotal.latency.map((sum, i) => addBlue(sum, asBlock(slowCount(blue?.latency, thresholds[i])))),
    },
    last: { ...state.last, any: at, blue: errorCount(blue) === null ? state.last.blue : at },
  }
}

/** Whether the service's latency waits for green's new replicas, because young ones can't be told apart. */
export const isWarmingUp = (setup: JudgeSetup, state: JudgeState, from: number): boolean =>
  state.raisedAt !== null && from < state.raisedAt + setup.warmUpMs

type LatencyStep = {
  readonly thresholds: readonly ThresholdState[]
  readonly blocks: readonly (Block | null)[]
  readonly young: boolean
  readonly waits: boolean
}

const absorbLatency = (
  setup: JudgeSetup,
  state: JudgeState,
  sample: Sample,
  pairing: Pairing,
  alone: boolean,
): LatencyStep => {
  const { blue, green } = sample
  const toldApart = green?.youngLatency !== undefined
  const waits = !toldApart && isWarmingUp(setup, state, sample.at - sample.durationMs)
  const young = toldApart ? green.youngLatency : waits ? green?.latency : null
  const warm = waits ? null : (green?.latency ?? null)
  const blocks: (Block | null)[] = []
  const thresholds = state.evidence.latency.map((threshold, i) => {
    const one = setup.latency?.kind === 'judged' ? setup.latency.thresholds[i] : undefined
    if (one === undefined) return threshold
    const slowBlue = slowCount(blue?.latency, one)
    const frozen = alone ? (state.frozen?.latency[i] ?? null) : null
    const slowYoung = slowCount(young, one)
    // While everything on green is young, blue's counts may not wait for older replicas: they would be of another time.
    if (waits) pairing.drop(`latency:${one.ms}`)
    const block = waits ? null : pairing.take(`latency:${one.ms}`, slowBlue, slowCount(warm, one), alone)
    blocks.push(block ?? (waits && slowBlue ? { xg: 0, ng: 0, xb: slowBlue.x, nb: slowBlue.n } : null))
    return stepThreshold(threshold, one, setup.c, {
      block,
      young: slowYoung && (alone || slowBlue) ? withBlue(slowYoung, alone ? null : slowBlue) : null,
      frozen,
    })
  })
  return { thresholds, blocks, young: toldApart && (green.youngLatency?.count ?? 0) > 0, waits }
}

const stepThreshold = (
  threshold: ThresholdState,
  setup: ThresholdSetup,
  c: number,
  seen: { readonly block: Block | null; readonly young: Block | null; readonly frozen: Block | null },
): ThresholdState => {
  const { block, young, frozen } = seen
  const hold = { rho: setup.rhoHold, phi: setup.phi, c }
  const rollback = { rho: setup.rhoRollback, phi: setup.phi, c }
  return {
    hold: block === null ? threshold.hold : stepSlow(threshold.hold, block, hold, frozen),
    rollback: block === null ? threshold.rollback : stepSlow(threshold.rollback, block, rollback, frozen),
    warming: young === null ? threshold.warming : stepSlow(threshold.warming, young, rollback, frozen),
  }
}

const absorbObjectives = (
  setup: JudgeSetup,
  before: Evidence,
  green: Arm | null,
  latencyWaits: boolean,
): Pick<Evidence, 'errorObjective' | 'slowObjective'> => {
  const { errorRatio, slow } = setup.objectives
  const errors = errorCount(green)
  const slowGreen = slow === null || latencyWaits ? null : slowCount(green?.latency, slow)
  const against = (lambda0: number) => ({ lambda0, phi: setup.errors.phi, c: setup.c })
  return {
    errorObjective:
      errorRatio === null || errors === null
        ? before.errorObjective
        : stepAgainstRate(before.errorObjective, withBlue(errors, null), against(errorRatio)),
    slowObjective:
      slow === null || slowGreen === null
        ? before.slowObjective
        : stepAgainstRate(before.slowObjective, withBlue(slowGreen, null), against(slow.share)),
  }
}

/** A count that is no number would poison the evidence for ever: it counts as not measured. */
const counted = (x: number, n: number): Counted | null =>
  Number.isFinite(x) && Number.isFinite(n) && x >= 0 && n >= 0 ? { x, n } : null

const errorCount = (arm: Arm | null): Counted | null => arm && counted(arm.errors, arm.requests)

const slowCount = (
  histogram: Histogram | null | undefined,
  threshold: { readonly ms: number } | undefined,
): Counted | null => {
  const slow = histogram && threshold ? slowerThan(histogram, threshold.ms) : null
  return slow === null || !histogram ? null : counted(slow, histogram.count)
}

/** Events and assigned requests come from two counters: where one is missing, the other's increment is kept for it. */
const dropCount = (drop: DropSetup, arm: Arm | null, assigned: number | undefined): Counted | null => {
  const x = drop.counts.kind === 'business' ? arm?.business?.[drop.counts.counter] : arm?.requests
  const whole = counted(x ?? 0, assigned ?? 0)
  return x === undefined || assigned === undefined ? whole && { ...whole, partial: true } : whole
}

const withBlue = (green: Counted, blue: Counted | null): Block => ({
  xg: green.x,
  ng: green.n,
  xb: blue?.x ?? 0,
  nb: blue?.n ?? 0,
})

const addBlue = (sum: Block, block: Block | null): Block =>
  block === null ? sum : { xg: 0, ng: 0, xb: sum.xb + block.xb, nb: sum.nb + block.nb }
