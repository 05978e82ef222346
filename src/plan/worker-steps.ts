import { actMs, verdictMs } from './expected-time.ts'
import {
  confirmation,
  type MoveFacts,
  type MoveSteps,
  openings,
  provision,
  ready,
  soakStep,
  step,
  verdict,
  workload,
} from './move-steps.ts'

export const workerSteps = (facts: MoveFacts): MoveSteps => {
  const { replicas, exclusive, policy } = facts
  const first = confirmation(facts, 'acts at start')
  const counts = exclusive ? [replicas] : countsOf(policy.shares, replicas)
  const shifts = counts.map((green, index) => {
    const percent = Math.round((100 * green) / replicas)
    return step(facts, {
      name: exclusive ? 'switch' : `shift ${percent}`,
      before: [...(index === 0 ? first : []), ...openings(facts)],
      goal: workload(facts, replicas - green, green),
      after: [ready, verdict],
      crossing: true,
      expectedMs: actMs.start + verdictMs(policy, percent),
    })
  })
  const how = exclusive
    ? `Its copy on blue is stopped before the one on green starts.`
    : `Its ${replicas} replica${replicas === 1 ? '' : 's'} go over in ${counts.length} step${counts.length === 1 ? '' : 's'}: ${counts.join(', ')} on green.`
  return { steps: [provision(facts), ...shifts, soakStep(facts, [])], tests: {}, why: [how], unproven: null }
}

/** Replicas on green at each share, rounded up, each count once; the last is all of them. */
const countsOf = (shares: readonly number[], replicas: number): readonly number[] => {
  const counts = [...shares, 100].map((share) => Math.min(replicas, Math.ceil((replicas * share) / 100)))
  return [...new Set(counts)]
}
