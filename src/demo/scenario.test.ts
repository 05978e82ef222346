import { describe, expect, it } from 'vitest'
import { brokenPromises, type DemoResult } from './result.ts'
import { faults } from './scenario.ts'
import { listFaults, readFlags } from './words-of-demo.ts'

const result: DemoResult = {
  outcome: 'done',
  expected: 'done',
  because: '',
  durationSeconds: 60,
  requests: 1_000,
  failedRequests: 0,
  failedBy: { blue: 0, green: 0, router: 0 },
  answeredBy: { blue: 500, green: 500, router: 0 },
  failures: [],
  ticks: { expected: 10, ran: 10, duplicate: 0, missed: 0, unseen: 0 },
  ledgerDisagrees: [],
  queue: { added: 5, done: 5, lost: 0, twice: 0 },
  fault: null,
  injectedAfterSeconds: null,
  detectedAfterSeconds: null,
  backAfterSeconds: null,
  steps: [],
  report: null,
  position: 100,
}

describe('the faults', () => {
  it('end as the issue says they should', () => {
    const byEnd = Object.groupBy(faults, ({ expect: end }) => end)
    const names = (end: keyof typeof byEnd) => byEnd[end]?.map(({ name }) => name)
    expect(names('rolled back')).toEqual(['errors', 'latency', 'hang', 'crash-loop', 'worker-stuck'])
    expect(names('held')).toEqual(['job-fails', 'metrics-outage', 'not-ready', 'drift-to-blue'])
    expect(names('failed')).toEqual(['config-differs'])
    expect(names('done')).toEqual(['kill-engine', 'drift-to-green', 'blue-flap', 'new-version'])
  })

  it('are each explained in the list', () => {
    for (const { name, brief } of faults)
      expect(listFaults()).toMatch(new RegExp(`^  ${name} .*${brief.slice(0, 20)}`, 'm'))
  })
})

describe('what a demo must keep', () => {
  it('is kept by a healthy run', () => {
    expect(brokenPromises(result)).toEqual([])
  })

  it('is broken by a failed request only when nothing was made to fail', () => {
    expect(brokenPromises({ ...result, failedRequests: 3 })).toEqual(['3 requests of users failed'])
    expect(brokenPromises({ ...result, failedRequests: 3, fault: 'errors' })).toEqual([])
  })

  it('is broken by another outcome, a tick that ran twice or never, and an item lost or done twice', () => {
    const broken = {
      ...result,
      outcome: 'held' as const,
      ticks: { ...result.ticks, duplicate: 1, missed: 2 },
      queue: { ...result.queue, lost: 3, twice: 4 },
    }
    expect(brokenPromises(broken)).toHaveLength(5)
  })
})

describe('the command line of the demo', () => {
  it('understands its words in any order', () => {
    expect(readFlags(['--output=json', '--fault', 'errors', '--keep'])).toEqual({
      kind: 'ok',
      flags: { fault: 'errors', list: false, output: 'json', keep: true, help: false },
    })
  })

  it('names the faults when it is given another one', () => {
    expect(readFlags(['--fault', 'eruption'])).toMatchObject({
      kind: 'wrong',
      because: expect.stringContaining('hang'),
    })
  })

  it('refuses a word that it does not know', () => {
    expect(readFlags(['--fast'])).toMatchObject({ kind: 'wrong' })
  })
})
