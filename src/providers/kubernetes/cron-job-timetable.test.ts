import type { CronJob } from 'kubernetes-types/batch/v1.js'
import { describe, expect, it } from 'vitest'
import { ticksBetween } from '../timetable.ts'
import { tickInMinute, timetableFor, unsureOf, zoneOf } from './cron-job-timetable.ts'

const at = (time: string) => Date.parse(`2026-01-07T${time}Z`)
const cronJob = (
  schedule: string,
  more: { readonly timeZone?: string; readonly deadline?: number; readonly cursor?: string } = {},
): CronJob => ({
  metadata: { name: 'invoices', creationTimestamp: '2026-01-07T09:00:17Z' },
  spec: {
    schedule,
    ...(more.timeZone === undefined ? {} : { timeZone: more.timeZone }),
    ...(more.deadline === undefined ? {} : { startingDeadlineSeconds: more.deadline }),
    jobTemplate: {},
  },
  status: more.cursor === undefined ? {} : { lastScheduleTime: `2026-01-07T${more.cursor}Z` },
})

describe('the ticks of a CronJob', () => {
  it('have the phase of the cursor under @every, of the creation where there is none, or one that is given', () => {
    const first = (given: CronJob, phase?: number) => timetableFor(given, phase)?.next(at('10:00:00'))
    expect(first(cronJob('@every 1h', { cursor: '09:30:05' }))).toBe(at('10:30:05'))
    expect(first(cronJob('@every 1h'))).toBe(at('10:00:17'))
    expect(first(cronJob('@every 1h'), at('07:15:42'))).toBe(at('10:15:42'))
    expect(first(cronJob('0 * * * *'), at('07:15:42'))).toBe(at('11:00:00'))
  })

  it('are found by the minute that names leave of them, with their seconds', () => {
    expect(tickInMinute(cronJob('@every 1h', { cursor: '09:30:05' }), at('08:30:00'))).toBe(at('08:30:05'))
    expect(tickInMinute(cronJob('*/5 * * * *'), at('08:30:00'))).toBe(at('08:30:00'))
  })

  it('are read in the zone of the CronJob, and in UTC where it has none', () => {
    const inZone = timetableFor(cronJob('0 12 * * *', { timeZone: 'America/New_York' }))
    expect(inZone === null ? [] : ticksBetween(inZone, at('00:00:00'), at('23:00:00'), 5)).toEqual([at('17:00:00')])
    expect(zoneOf(cronJob('0 12 * * *'))).toBe('UTC')
  })
})

describe('ticks that are not known for sure', () => {
  it('are those of a schedule or a zone that nobody here can read', () => {
    expect(unsureOf(cronJob('TZ=UTC 0 12 * * *'), null)).toContain("can't be read")
    expect(timetableFor(cronJob('61 * * * *'))).toBeNull()
    expect(unsureOf(cronJob('0 12 * * *', { timeZone: 'Mars/Base' }), null)).toBe(
      'its time zone "Mars/Base" is not known here',
    )
    expect(unsureOf(cronJob('0 12 * * *', { timeZone: 'Europe/Zurich' }), null)).toBeNull()
  })

  it('are those of a CronJob without a zone whose last run was at no tick in UTC', () => {
    expect(unsureOf(cronJob('0 12 * * *'), at('12:00:00'))).toBeNull()
    expect(unsureOf(cronJob('0 12 * * *'), at('10:00:00'))).toContain('write spec.timeZone')
    expect(unsureOf(cronJob('*/10 * * * *'), at('10:10:00'))).toBeNull()
    expect(unsureOf(cronJob('0 12 * * *', { timeZone: 'UTC' }), at('10:00:00'))).toBeNull()
  })

  it('are those of @every where Kubernetes itself does not run all of them', () => {
    expect(unsureOf(cronJob('@every 30s'), null)).toContain('names Jobs by the minute')
    expect(unsureOf(cronJob('@every 10m', { deadline: 60 }), null)).toContain(
      'never runs with a starting deadline of 60 s',
    )
    expect(unsureOf(cronJob('@every 10m', { deadline: 600 }), null)).toBeNull()
    expect(unsureOf(cronJob('@every 1h30m'), at('10:00:17'))).toBeNull()
  })
})
