import { expect, test } from 'vitest'
import { acceptJobHold, type JobHistory, type JobRun, jobSetup, judgeRun, startJobJudge } from './job-judge.ts'

const history: JobHistory = { runs: 400, failures: 0, p90Ms: 10_000, timedRuns: 400 }
const run = (i: number, more: Partial<JobRun> = {}): JobRun => ({
  name: `invoices-${i}`,
  at: i * 60_000,
  failed: false,
  durationMs: 5_000,
  launchDelayMs: 1_000,
  ...more,
})

test('the first failure on green holds until a person has looked, whatever the evidence', () => {
  const setup = jobSetup('invoices', history)
  const first = judgeRun(setup, startJobJudge(), run(1, { failed: true }))
  expect(first.verdict).toMatchObject({ kind: 'hold', cause: 'first failure', until: 'person', since: 60_000 })
  expect(first.verdict.because).toContain('invoices-1 failed')
  const good = judgeRun(setup, first.state, run(2))
  expect(good.verdict).toMatchObject({ kind: 'hold', cause: 'first failure' })
  expect(judgeRun(setup, acceptJobHold(good.state), run(3)).verdict).toMatchObject({
    kind: 'hold',
    cause: 'too few runs',
  })
})

test('three failures in a row roll back, and that stays', () => {
  const setup = jobSetup('invoices', { ...history, p90Ms: null })
  let state = startJobJudge()
  for (const i of [1, 2, 3]) state = judgeRun(setup, state, run(i, { failed: true })).state
  const { verdict } = judgeRun(setup, acceptJobHold(state), run(4))
  expect(verdict).toMatchObject({ kind: 'roll back', since: 180_000 })
  expect(verdict.because).toContain('3 of 3 runs failed (100 %)')
})

test('enough good runs in a row advance; one reported twice counts once', () => {
  const setup = jobSetup('invoices', history, { goodRuns: 2 })
  const one = judgeRun(setup, startJobJudge(), run(1))
  const again = judgeRun(setup, one.state, run(1))
  expect(again.state).toBe(one.state)
  expect(again.verdict).toMatchObject({ kind: 'hold', cause: 'too few runs' })
  expect(judgeRun(setup, again.state, run(2)).verdict.kind).toBe('advance')
})

test('runs that all last longer than the 90th percentile of blue are evidence', () => {
  const setup = jobSetup('invoices', history)
  let state = startJobJudge()
  let kind = ''
  for (let i = 1; i <= 12; i++) {
    const judged = judgeRun(setup, state, run(i, { durationMs: 20_000 }))
    state = judged.state
    kind = judged.verdict.kind
  }
  expect(kind).toBe('roll back')
})

test('with little history nothing is bet, it is said so, and a failure holds all the same', () => {
  const setup = jobSetup('digest', { runs: 2, failures: 1, p90Ms: 1000, timedRuns: 2 })
  expect(setup).toMatchObject({ failureP0: null, duration: null })
  const { verdict } = judgeRun(setup, startJobJudge(), run(1, { failed: true }))
  expect(verdict).toMatchObject({ kind: 'hold', cause: 'first failure' })
  expect(verdict.evidence.E).toBe(1)
  expect(verdict.evidence.checks[0]?.note).toContain('too little history')
})

test('a start long after the tick holds by its absolute limit', () => {
  const setup = jobSetup('invoices', history, { launchLimitMs: 120_000, goodRuns: 1 })
  expect(judgeRun(setup, startJobJudge(), run(1, { launchDelayMs: 90_000 })).verdict.kind).toBe('advance')
  const late = judgeRun(setup, startJobJudge(), run(1, { launchDelayMs: 180_000 }))
  expect(late.verdict).toMatchObject({ kind: 'hold', cause: 'launch delay', until: 'person' })
  expect(late.verdict.because).toBe('invoices-1 started 180 s after its tick, the limit is 120 s')
})

test('the state survives JSON', () => {
  const setup = jobSetup('invoices', history)
  const one = judgeRun(setup, startJobJudge(), run(1)).state
  const stored = JSON.parse(JSON.stringify(one)) as typeof one
  expect(judgeRun(setup, stored, run(2))).toEqual(judgeRun(setup, one, run(2)))
})
