import type { CronJob } from 'kubernetes-types/batch/v1.js'
import type { Event } from 'kubernetes-types/core/v1.js'
import { describe, expect, it } from 'vitest'
import type { Run } from '../../engine/ports.ts'
import { completeSince } from './complete-since.ts'
import { runsToldOf } from './told-runs.ts'

const minute = 60_000
const created = Date.UTC(2026, 0, 7, 9, 0, 0)
const at = (minutes: number) => created + minutes * minute
const cronJob = (more: NonNullable<CronJob['spec']> | object = {}): CronJob => ({
  metadata: { name: 'invoices', uid: 'u1', creationTimestamp: new Date(created).toISOString() },
  spec: { schedule: '* * * * *', jobTemplate: {}, ...more },
})
const ran = (minutes: number, result: Run['result'] = 'succeeded'): Run => ({
  name: `invoices-${at(minutes) / 1_000}`,
  service: 'invoices',
  side: 'blue',
  tick: at(minutes),
  startedAt: at(minutes),
  endedAt: at(minutes) + 1_000,
  result,
  exitCode: 0,
})
const watchedFrom = (minutes: number, forgotten: number | null = null) => ({
  watchedSince: () => at(minutes),
  forgottenUntil: () => forgotten,
})

describe('how far back the records of runs reach', () => {
  it('is the creation as long as the history is not full', () => {
    expect(completeSince(cronJob(), [ran(8), ran(9)], watchedFrom(10))).toBe(created)
  })

  it('is the oldest run that a full history left when watching began, however many came since', () => {
    const runs = [ran(7), ran(8), ran(9), ran(11), ran(12)]
    expect(completeSince(cronJob(), runs, watchedFrom(10))).toBe(at(7))
    expect(completeSince(cronJob(), [...runs, ran(6, 'failed')], watchedFrom(10))).toBe(at(7))
    expect(completeSince(cronJob(), [...runs, ran(9.5, 'failed')], watchedFrom(10))).toBe(at(9.5))
  })

  it('is the begin of watching where nothing is kept, or less than a time to live before it', () => {
    expect(completeSince(cronJob({ successfulJobsHistoryLimit: 0 }), [], watchedFrom(10))).toBe(at(10))
    const ttl = { jobTemplate: { spec: { ttlSecondsAfterFinished: 120, template: {} } } }
    expect(completeSince(cronJob(ttl), [], watchedFrom(10))).toBe(at(8))
  })

  it('is past what was forgotten to save room', () => {
    expect(completeSince(cronJob(), [], watchedFrom(10, at(20)))).toBe(at(20) + 1)
  })
})

describe('runs that are only told of', () => {
  const told = (reason: string, message: string, time: number, uid = 'u1'): Event => ({
    metadata: {},
    involvedObject: { kind: 'CronJob', uid },
    reason,
    message,
    firstTimestamp: new Date(time).toISOString(),
  })
  const name = `invoices-${at(5) / minute}`

  it('count when their begin and their end were told', () => {
    const events = [
      told('SuccessfulCreate', `Created job ${name}`, at(5)),
      told('SawCompletedJob', `Saw completed job: ${name}, condition: Failed`, at(6)),
    ]
    expect(runsToldOf(cronJob(), 'green', events)).toEqual([
      {
        name: `invoices-${at(5) / 1_000}`,
        service: 'invoices',
        side: 'green',
        tick: at(5),
        startedAt: at(5),
        endedAt: at(6),
        result: 'failed',
        exitCode: null,
      },
    ])
  })

  it('do not count when only one of them was told, or of another CronJob of that name', () => {
    const made = told('SuccessfulCreate', `Created job ${name}`, at(5))
    const ended = told('SawCompletedJob', `Saw completed job: ${name}, condition: Complete`, at(6), 'u0')
    expect(runsToldOf(cronJob(), 'green', [made, ended])).toEqual([])
  })
})
