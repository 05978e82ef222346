import { failsOften, failsWithoutReason, guardCanTrip } from './guard.ts'
import { addBlocks, type Block, emptyBlock } from './sample.ts'
import type { JudgeSetup } from './setup.ts'
import type { JudgeState } from './state.ts'
import { type ArmCounts, armsOf, type Summary } from './verdict.ts'

/** What a person accepts when they let a service go on although its green fails much. */
export const failuresCheck = 'failures'

/**
 * Green fails much, and there is too little of blue for the guard or the evidence to say whether that is green: at 100 %
 * nothing to compare with, or so few requests. Seen in the guard's samples where the guard has no say, and at the end of
 * the longest dwell in all of the step. `null`: not so.
 */
export const unexplainedFailures = (
  setup: JudgeSetup,
  state: JudgeState,
  { frozenErrorRate }: Pick<Summary, 'frozenErrorRate'>,
): { readonly blue: ArmCounts; readonly green: ArmCounts } | null => {
  const { evidence, frozen, step } = state
  const alone = frozen !== null && step.weightGreen >= 100
  const beside = (green: Block): Block => (alone ? { ...frozen.errors, xg: green.xg, ng: green.ng } : green)
  const isGuarded = !alone || guardCanTrip(frozenErrorRate)
  if (!isGuarded && failsOften(evidence.guard, setup.errors.phi)) {
    const now = beside(evidence.guard.reduce(addBlocks, emptyBlock))
    if (failsWithoutReason(now)) return armsOf(now)
  }
  if (step.observedMs < setup.dwell.maxMs) return null
  const ofStep = beside(step.counts)
  return failsWithoutReason(ofStep) ? armsOf(ofStep) : null
}
