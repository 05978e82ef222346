import { actMs } from './expected-time.ts'
import {
  confirmation,
  definitionsOf,
  type MoveFacts,
  type MoveSteps,
  openings,
  provision,
  ready,
  soakStep,
  step,
  testSentences,
  testStep,
  testsBefore,
  workload,
} from './move-steps.ts'

export const internalSteps = (facts: MoveFacts): MoveSteps => {
  const { replicas, exclusive } = facts
  const start = step(facts, {
    name: exclusive ? 'switch' : 'ready',
    before: [
      ...confirmation(facts, 'acts at start'),
      ...confirmation(facts, 'both sides take work'),
      ...confirmation(facts, 'interruption'),
      ...openings(facts),
    ],
    goal: workload(facts, exclusive ? 0 : replicas, replicas),
    after: [ready],
    crossing: true,
    expectedMs: actMs.start,
  })
  const tests = testsBefore(facts)
  const checks = Object.entries(tests).map(([name, test]) => testStep(facts, name, test, { crossing: true }))
  const how = exclusive
    ? 'Its copy on blue is stopped before the one on green starts.'
    : 'Its copy on blue stays for its callers there; those on green call the one on green.'
  return {
    steps: [provision(facts), start, ...checks, soakStep(facts, [ready])],
    tests: definitionsOf(tests),
    why: [how, ...testSentences(tests)],
    unproven: null,
  }
}
