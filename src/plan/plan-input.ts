import type { Estate, Finding } from '../inventory/estate.ts'
import type { Millis } from '../moves/goal.ts'
import type { TestDefinition } from './plan.ts'
import type { Policy, ReleasePolicy } from './policy.ts'

/**
 * What a person can answer for a service once and for all, in the release file, so that the plan doesn't ask:
 * that acting at its start on green is harmless; that both sides may take work at once; that its users or callers
 * may be cut off while its only copy changes sides.
 */
export const confirmations = ['acts at start', 'both sides take work', 'interruption'] as const
export type Confirmation = (typeof confirmations)[number]

/** Instead of a step's name: the first step that crosses (for an exposed service, what comes right before its users do). */
export const crossing = 'crossing'

/** A test, and how old a result may be that a step relies on. */
export type ServiceTest = { readonly test: TestDefinition; readonly maxAgeMs: Millis }

/** What the release file says of one service's move, beside its policy. Everything may be absent. */
export type ServiceRules = {
  /** Those of kind `stress` run last before users come, and use only requests declared safe; all others once green is ready. */
  readonly tests?: Readonly<Record<string, ServiceTest>>
  /** `green`: whether its copy reaches all that it needs. `blue`: whether blue's side reaches its copy, before users are sent there. */
  readonly probes?: { readonly green?: ServiceTest; readonly blue?: ServiceTest }
  /** `before`: a step's name, or `crossing`. */
  readonly approvals?: readonly { readonly name: string; readonly before: string }[]
  readonly conditions?: readonly { readonly name: string; readonly cel: string; readonly before: string }[]
  /** Calendar windows that must be open, and freezes that must not be in force, before each step that crosses. */
  readonly windows?: readonly string[]
  readonly freezes?: readonly string[]
  readonly confirmed?: readonly Confirmation[]
}

/** All that a plan is made from. Nothing else is read: the same input gives the same plan. */
export type PlanInput = {
  readonly release: string
  /** Names of the two environments. */
  readonly blue: string
  readonly green: string
  readonly estate: Estate
  readonly policy: ReleasePolicy
  /** The complete policy of one service, asked once for each; `judgedServices`: how many of the release the judge may take back. */
  readonly policyOf: (service: string, judgedServices: number) => Policy
  readonly rulesOf: (service: string) => ServiceRules
  /** SHA-256 by file: the release file's and both environments'. */
  readonly files: Readonly<Record<string, string>>
  /** How many ticks each schedule has in the 24 hours after the plan is made, by service. Required for every job. */
  readonly runsPerDay: Readonly<Record<string, number>>
  /** Services for which the router listens. */
  readonly routerServices: readonly string[]
  /** What to say, and to declare, of an exposed service that no router listens for; absent: as for a router with a file of its own. */
  readonly howToRoute?: (service: string) => Pick<Finding, 'message' | 'declare'>
}
