import { counterBets, counterLlrs, oneSampleBets, oneSampleLlrs } from './counter.ts'
import { frozenProofRate, frozenRate } from './frozen-reference.ts'
import { HARM, NONINF, SIGN_FRACTION } from './grids.ts'
import { GUARD_WINDOW } from './guard.ts'
import type { Process } from './process.ts'
import { stepProcess } from './process.ts'
import type { Block } from './sample.ts'
import type { DropSetup, GaugeSetup, JudgeSetup } from './setup.ts'
import { absoluteShare, relativeShare, shareBets } from './share.ts'
import { type Evidence, emptyGaugeBlock, type Frozen, type GaugeState, type Pair, type Sum } from './state.ts'

/** Each check: its evidence before, one block of counts, its evidence after. `frozen`: green is alone, at 100 %. */

type ErrorEvidence = Evidence['errors']

export const stepErrors = (
  errors: ErrorEvidence,
  block: Block,
  setup: { readonly rho: number; readonly delta: number; readonly phi: number; readonly c: number },
  frozen: Block | null = null,
): ErrorEvidence => {
  const { rho, delta, phi } = setup
  const schedule = { c: setup.c }
  const absolute = shareBets(absoluteShare(block.xg, block.ng, delta))
  if (frozen === null)
    return {
      counter: stepProcess(errors.counter, counterBets(block, { rho, delta, phi }, HARM), schedule),
      relative: stepProcess(errors.relative, shareBets(relativeShare(block, rho)), schedule),
      absolute: stepProcess(errors.absolute, absolute, schedule),
    }
  const lambda0 = frozenRate({ events: frozen.xb, requests: frozen.nb }, { rho, delta })
  // Without a single request on blue there is no reference: no bet, rather than one against an invented rate.
  if (lambda0 === null) return errors
  return {
    counter: stepProcess(errors.counter, oneSampleBets(block.xg, block.ng, { lambda0, phi }, HARM), schedule),
    relative: stepProcess(errors.relative, shareBets(absoluteShare(block.xg, block.ng, lambda0 - delta)), schedule),
    absolute: stepProcess(errors.absolute, absolute, schedule),
  }
}

/** The absolute share keeps a handful of errors, where blue has none, from counting as "infinitely worse". */
export const errorEvidence = ({ counter, relative, absolute }: ErrorEvidence): number =>
  counter.E / 2 + Math.min(relative.E, absolute.E) / 2

/** Slow requests at one latency threshold. */
export const stepSlow = (
  pair: Pair,
  block: Block,
  setup: { readonly rho: number; readonly phi: number; readonly c: number },
  frozen: Block | null = null,
): Pair => {
  const { rho, phi, c } = setup
  if (frozen !== null) {
    const lambda0 = frozenRate({ events: frozen.xb, requests: frozen.nb }, { rho, delta: 0 })
    return lambda0 === null ? pair : stepAgainstRate(pair, block, { lambda0, phi, c })
  }
  return {
    counter: stepProcess(pair.counter, counterBets(block, { rho, delta: 0, phi }, HARM), { c }),
    share: stepProcess(pair.share, shareBets(relativeShare(block, rho)), { c }),
  }
}

/** Green against a fixed rate: an objective, or blue as it was. */
export const stepAgainstRate = (
  pair: Pair,
  block: Block,
  setup: { readonly lambda0: number; readonly phi: number; readonly c: number },
): Pair => ({
  counter: stepProcess(pair.counter, oneSampleBets(block.xg, block.ng, setup, HARM), { c: setup.c }),
  share: stepProcess(pair.share, shareBets(absoluteShare(block.xg, block.ng, setup.lambda0)), { c: setup.c }),
})

export const pairEvidence = ({ counter, share }: Pair): number => counter.E / 2 + share.E / 2

/** A counter that must not fall: events per request that the router assigned. */
export const stepDrop = (process: Process, block: Block, setup: DropSetup, c: number, alone: boolean): Process => {
  if (!alone)
    return stepProcess(process, counterBets(block, { rho: setup.rho, delta: 0, phi: setup.phi }, NONINF), { c })
  if (setup.floor === null) return process
  return stepProcess(process, oneSampleBets(block.xg, block.ng, { lambda0: setup.floor, phi: setup.phi }, NONINF), {
    c,
  })
}

export const signBets = (sign: 0 | 1): readonly number[] => SIGN_FRACTION.map((f) => 1 - f + 2 * f * sign)

/** A level such as saturation, in blocks of 30 to 60 s: each block has one vote, whether green is above the margin. */
export const stepGauge = (
  gauge: GaugeState,
  seen: { readonly durationMs: number; readonly blue: number | null; readonly green: number | null },
  setup: GaugeSetup,
  c: number,
): GaugeState => {
  const block = {
    ms: gauge.block.ms + seen.durationMs,
    blue: addLevel(gauge.block.blue, seen.blue),
    green: addLevel(gauge.block.green, seen.green),
  }
  if (block.ms < setup.blockMs) return { ...gauge, block }
  const blue = meanLevel(block.blue)
  const green = meanLevel(block.green)
  // A ratio to nothing says nothing: such a block has no vote.
  const compared = blue !== null && green !== null && blue > 0
  const sign = compared && green > (1 + setup.margin) * blue ? 1 : 0
  return {
    process: compared ? stepProcess(gauge.process, signBets(sign), { c, cap: null }) : gauge.process,
    block: emptyGaugeBlock,
    level: green,
  }
}

const addLevel = (sum: Sum, level: number | null): Sum =>
  level === null || !Number.isFinite(level) ? sum : { total: sum.total + level, n: sum.n + 1 }
const meanLevel = ({ total, n }: Sum): number | null => (n === 0 ? null : total / n)

/** Adds one block to the proof that green is not worse than the step tolerates. `share`: green's part, as a fraction. */
export const addProof = (
  proof: readonly number[],
  block: Block,
  setup: JudgeSetup,
  share: number,
  frozen: Frozen | null,
): readonly number[] => {
  if (!(share > 0)) return proof
  const delta = Math.max(setup.errors.delta, setup.proof.tolerated / share)
  const margin = { rho: setup.proof.rho, delta, phi: setup.errors.phi }
  const llrs = frozen === null ? counterLlrs(block, margin, NONINF) : frozenProof(block, frozen, margin)
  return llrs.map((llr, i) => (proof[i] ?? 0) + llr)
}

const frozenProof = (
  block: Block,
  frozen: Frozen,
  margin: { readonly rho: number; readonly delta: number; readonly phi: number },
): readonly number[] => {
  const lambda0 = frozenProofRate({ events: frozen.errors.xb, requests: frozen.errors.nb }, margin)
  return lambda0 === null
    ? NONINF.map(() => 0)
    : oneSampleLlrs(block.xg, block.ng, { lambda0, phi: margin.phi }, NONINF)
}

export const remember = (guard: readonly Block[], block: Block): readonly Block[] => [
  ...guard.slice(-(GUARD_WINDOW - 1)),
  block,
]
