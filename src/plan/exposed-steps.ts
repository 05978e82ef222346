import { actMs, verdictMs } from './expected-time.ts'
import {
  confirmation,
  definitionsOf,
  type MoveFacts,
  type MoveSteps,
  openings,
  provision,
  ready,
  step,
  testSentences,
  testStep,
  testsBefore,
  verdict,
  workload,
} from './move-steps.ts'
import type { Gate, Step } from './plan.ts'
import { crossing } from './plan-input.ts'

export const exposedSteps = (facts: MoveFacts): MoveSteps => {
  const { replicas, exclusive, policy, release } = facts
  const tests = testsBefore(facts)
  const checks = Object.entries(tests).map(([name, test]) => testStep(facts, name, test, { crossing: exclusive }))
  const stress = Object.entries(facts.rules.tests ?? {}).filter(([, { test }]) => test.kind === 'stress')
  const asked: readonly Gate[] = [
    ...(release.approvals.beforeUserTraffic ? [{ kind: 'approval', name: 'user traffic' } as const] : []),
    ...confirmation(facts, 'both sides take work'),
    ...confirmation(facts, 'interruption'),
  ]
  const declared = (facts.rules.approvals ?? []).some(({ before }) => before === crossing || before === 'uat')
  const uat = asked.length === 0 && !declared ? [] : [step(facts, { name: 'uat', after: asked, crossing: false })]
  const start = step(facts, {
    name: exclusive ? 'switch' : 'ready',
    before: [...confirmation(facts, 'acts at start'), ...(exclusive ? openings(facts) : [])],
    goal: workload(facts, exclusive ? 0 : replicas, replicas),
    after: [ready],
    crossing: exclusive,
    expectedMs: actMs.start,
  })
  const stressSteps = stress.map(([name, test]) => testStep(facts, name, test, { crossing: exclusive }))
  const prepared = exclusive ? [...uat, start, ...checks] : [start, ...checks, ...stressSteps, ...uat]
  const weights = (exclusive ? [100] : policy.weights).map((percent) => weightStep(facts, percent))
  const bake = step(facts, {
    name: 'bake',
    after: [{ kind: 'soak', forMs: policy.bakeMs }],
    crossing: true,
    expectedMs: policy.bakeMs,
  })
  const stressTests = exclusive ? {} : Object.fromEntries(stress)
  const how = exclusive
    ? 'Its copy on blue is stopped before the one on green starts, then all its users follow at once.'
    : `Its users go over by weights: ${policy.weights.join(', ')} %.`
  const unstressed = exclusive && stress.length > 0 ? ['It has no stress test: its only copy has users.'] : []
  return {
    steps: [provision(facts), ...prepared, ...weights, bake],
    tests: definitionsOf({ ...tests, ...stressTests }),
    why: [how, ...testSentences({ ...tests, ...stressTests }), ...unstressed],
    unproven: null,
  }
}

const weightStep = (facts: MoveFacts, percent: number): Step => {
  const approval: readonly Gate[] =
    percent === 100 && facts.release.approvals.beforeRelease ? [{ kind: 'approval', name: 'release' }] : []
  return step(facts, {
    name: `weight ${percent}`,
    before: [...approval, ...openings(facts), ready],
    goal: { kind: 'weights', green: percent },
    after: [verdict],
    crossing: true,
    expectedMs: actMs.weights + verdictMs(facts.policy, percent),
  })
}
