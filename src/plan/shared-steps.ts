import { exposedSteps } from './exposed-steps.ts'
import { internalSteps } from './internal-steps.ts'
import { jobSteps } from './job-steps.ts'
import { type MoveFacts, type MoveSteps, sleepingSteps } from './move-steps.ts'
import type { MoveKind } from './plan.ts'
import type { ServiceRules } from './plan-input.ts'
import type { Policy } from './policy.ts'
import { withProbes } from './probe-steps.ts'
import { workerSteps } from './worker-steps.ts'

const stepsByKind: Readonly<Record<MoveKind, (facts: MoveFacts) => MoveSteps>> = {
  job: jobSteps,
  worker: workerSteps,
  internal: internalSteps,
  exposed: exposedSteps,
}

export type StepMaker = (kind: MoveKind, facts: MoveFacts) => MoveSteps

/**
 * Makes steps for one plan. Moves of which everything that steps depend on is the same share theirs: most services
 * have the policy of the release and nothing of their own, and a plan of ten thousand would be mostly copies.
 */
export const createStepMaker = (): StepMaker => {
  const made = new Map<Policy, Map<ServiceRules, Map<string, MoveSteps>>>()
  return (kind, facts) => {
    const byRules = within(made, facts.policy, () => new Map<ServiceRules, Map<string, MoveSteps>>())
    const known = within(byRules, facts.rules, () => new Map<string, MoveSteps>())
    const { replicas, exclusive, suspended, runsPerDay, healthPath, listens, confirm } = facts
    const asked = confirm.size === 0 ? '' : [...confirm].join()
    const key = `${kind} ${replicas} ${exclusive} ${suspended} ${runsPerDay} ${listens} ${asked} ${healthPath}`
    return within(known, key, () =>
      kind !== 'job' && replicas === 0 ? sleepingSteps(facts) : withProbes(stepsByKind[kind](facts), facts),
    )
  }
}

const within = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key)
  if (known !== undefined) return known
  const value = make()
  map.set(key, value)
  return value
}
