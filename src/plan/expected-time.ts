import type { Millis } from '../moves/goal.ts'
import type { Gate, TestDefinition } from './plan.ts'
import type { Policy } from './policy.ts'

const second = 1_000
/** A pod has to be placed and started first. */
const probe: Millis = 30 * second
export const day: Millis = 24 * 3_600 * second

/** What acts are counted as, where nothing tells: an estimate for people, never a limit. */
export const actMs = {
  provision: second,
  start: 5 * second,
  handOver: 2 * second,
  weights: second,
} as const

/**
 * How long the judge is expected to take at a step in which green has `percent` of the traffic. Proof needs a number
 * of requests, so it takes longer where green has little; the estimate runs from the longest dwell at 1 % to the
 * shortest at a quarter and more. What is really needed depends on the traffic, which the plan doesn't know.
 */
export const verdictMs = ({ dwell }: Policy, percent: number): Millis =>
  Math.round(Math.min(dwell.maxMs, dwell.minMs * Math.max(1, 25 / percent)))

/** null for the runs of a schedule that never runs. */
export const goodRunsMs = (count: number, runsPerDay: number): Millis | null =>
  runsPerDay > 0 ? Math.ceil((count * day) / runsPerDay) : null

export const testMs = (test: TestDefinition): Millis => {
  switch (test.kind) {
    case 'stress':
      return test.durationMs + second
    case 'command':
    case 'http':
    case 'green http':
    case 'trial run':
      return Math.min(test.timeoutMs, 2 * second)
    case 'probe':
      return Math.min(test.timeoutMs, probe)
    default:
      return test satisfies never
  }
}

/** The least time that gates take by themselves; approvals, windows and conditions wait for others and count as nothing. */
export const soakOf = (gates: readonly Gate[]): Millis =>
  gates.reduce((sum, gate) => sum + (gate.kind === 'soak' ? gate.forMs : 0), 0)
