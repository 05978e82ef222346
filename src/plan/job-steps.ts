import { actMs, day, goodRunsMs } from './expected-time.ts'
import { type MoveFacts, type MoveSteps, openings, provision, step, testStep } from './move-steps.ts'
import type { Step, TestDefinition } from './plan.ts'

/** How many good runs settle a job when the policy doesn't say: what runs in a day, at most 3. */
const goodRunsNeeded = ({ policy, runsPerDay }: MoveFacts): number =>
  policy.goodRuns ?? Math.min(3, Math.floor(runsPerDay))

export const jobSteps = (facts: MoveFacts): MoveSteps => {
  const { policy, suspended } = facts
  const trial = policy.trialRun && !suspended
  const trialDefinition: TestDefinition = { kind: 'trial run', timeoutMs: policy.stepLimitMs }
  const trialStep = testStep(
    facts,
    'trial run',
    { test: trialDefinition, maxAgeMs: policy.stepLimitMs },
    { crossing: true, before: openings(facts) },
  )
  const handOver = step(facts, {
    name: 'hand over',
    before: openings(facts),
    goal: { kind: 'schedule', owner: 'green' },
    crossing: true,
    expectedMs: actMs.handOver,
  })
  const watch = watchRuns(facts, trial)
  return {
    steps: [provision(facts), ...(trial ? [trialStep] : []), handOver, ...watch.steps],
    tests: trial ? { 'trial run': trialDefinition } : {},
    why: [...(trial ? ['Its policy allows a trial run on green before its schedule is handed over.'] : []), watch.why],
    unproven: watch.unproven,
  }
}

type Watch = { readonly steps: readonly Step[]; readonly why: string; readonly unproven: string | null }

const watchRuns = (facts: MoveFacts, trial: boolean): Watch => {
  const { runsPerDay, suspended, policy } = facts
  if (suspended) {
    const why = 'Its schedule is suspended on blue: green takes it over suspended, it stays so, and it settles at once.'
    return { steps: [], why, unproven: 'its schedule is suspended, so nothing runs that could prove it' }
  }
  const needed = goodRunsNeeded(facts)
  if (needed === 0 && trial) {
    const unproven = 'it has no run in 24 hours: only its trial run was seen'
    return { steps: [], why: 'It settles after its trial run, because it has no run in 24 hours.', unproven }
  }
  const count = Math.max(1, needed)
  const expectedMs = goodRunsMs(count, runsPerDay)
  const steps = [
    step(facts, {
      name: 'watch',
      after: [{ kind: 'good runs', count }],
      limitMs: policy.stepLimitMs + 2 * (expectedMs ?? day),
      crossing: true,
      expectedMs: expectedMs ?? 0,
    }),
  ]
  if (expectedMs === null) {
    const unproven = 'it has no run in 24 hours, and its policy allows no trial run'
    const why = `It waits for its next good run on green, more than 24 hours away; titrate skip, with a reason, lets the release go on without that.`
    return { steps, why, unproven }
  }
  const chosen = policy.goodRuns === null ? `of ${Math.floor(runsPerDay)} in 24 hours` : 'by its policy'
  return { steps, why: `${count} good run${count === 1 ? '' : 's'} on green settle it (${chosen}).`, unproven: null }
}
