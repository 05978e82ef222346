import { SAMPLE_SECONDS } from '../streams/shape.ts'
import type { Outcome } from './release-run.ts'

/** What came of many releases of one kind under one rule set. Plain data: it passes between threads and into files. */
export type Tally = {
  readonly runs: number
  readonly rolledBack: number
  readonly because: Readonly<Record<string, number>>
  /** Releases that a finding held at least once, and for how many seconds in all. */
  readonly held: number
  readonly heldSeconds: number
  /** Releases that were neither taken back nor let go on. */
  readonly heldAtEnd: number
  readonly extraFailed: number
  readonly onGreen: number
  /** Of each that was rolled back: seconds from the fault on. Of each that got there: seconds to 100 %. */
  readonly secondsToRollback: readonly number[]
  readonly secondsToAll: readonly number[]
  readonly proven: number
  readonly timed: number
}

export const noRuns: Tally = {
  runs: 0,
  rolledBack: 0,
  because: {},
  held: 0,
  heldSeconds: 0,
  heldAtEnd: 0,
  extraFailed: 0,
  onGreen: 0,
  secondsToRollback: [],
  secondsToAll: [],
  proven: 0,
  timed: 0,
}

/** `faultFrom`: the sample from which on green was bad. */
export const tallyOf = (outcome: Outcome, faultFrom: number): Tally => {
  const { rolledBack, reachedAll } = outcome
  return {
    runs: 1,
    rolledBack: rolledBack === null ? 0 : 1,
    because: rolledBack === null ? {} : { [rolledBack.because]: 1 },
    held: outcome.held > 0 ? 1 : 0,
    heldSeconds: outcome.held * SAMPLE_SECONDS,
    heldAtEnd: outcome.heldAtEnd ? 1 : 0,
    extraFailed: outcome.extraFailed,
    onGreen: outcome.onGreen,
    secondsToRollback: rolledBack === null ? [] : [(rolledBack.after - faultFrom) * SAMPLE_SECONDS],
    secondsToAll: reachedAll === null ? [] : [reachedAll * SAMPLE_SECONDS],
    proven: outcome.proven,
    timed: outcome.timed,
  }
}

export const addTallies = (a: Tally, b: Tally): Tally => {
  const because: Record<string, number> = { ...a.because }
  for (const [why, count] of Object.entries(b.because)) because[why] = (because[why] ?? 0) + count
  return {
    runs: a.runs + b.runs,
    rolledBack: a.rolledBack + b.rolledBack,
    because,
    held: a.held + b.held,
    heldSeconds: a.heldSeconds + b.heldSeconds,
    heldAtEnd: a.heldAtEnd + b.heldAtEnd,
    extraFailed: a.extraFailed + b.extraFailed,
    onGreen: a.onGreen + b.onGreen,
    secondsToRollback: [...a.secondsToRollback, ...b.secondsToRollback],
    secondsToAll: [...a.secondsToAll, ...b.secondsToAll],
    proven: a.proven + b.proven,
    timed: a.timed + b.timed,
  }
}

/** null: of nothing. */
export const median = (values: readonly number[]): number | null => {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}
