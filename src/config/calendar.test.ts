import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Calendar, calendarAt, type Period } from './calendar.ts'
import { parseInstant } from './zoned-time.ts'

const HOUR = 3_600_000
const at = (text: string): number => Date.parse(text)
const weekly = (days: readonly number[], from: number, until: number, zone: string): Period => ({
  kind: 'weekly',
  days,
  hours: [{ from: from * HOUR, until: until * HOUR }],
  zone,
})
const everyDay = [0, 1, 2, 3, 4, 5, 6]
const only = (...periods: readonly Period[]): Calendar => ({ windows: { w: periods }, freezes: [] })
const seen = (calendar: Calendar, now: string) => {
  const state = calendarAt(calendar, at(now))['w']
  return `${state?.open ? 'open' : 'closed'} until ${state?.changesAt ? new Date(state.changesAt).toISOString() : 'ever'}`
}

describe('the calendar', () => {
  it('opens and closes a weekday window by the wall clock of its zone', () => {
    const office = only(weekly([0, 1, 2, 3, 4], 9, 17, 'Europe/Paris'))
    expect(seen(office, '2026-11-23T07:59:59Z')).toBe('closed until 2026-11-23T08:00:00.000Z')
    expect(seen(office, '2026-11-23T08:00:00Z')).toBe('open until 2026-11-23T16:00:00.000Z')
    expect(seen(office, '2026-11-27T16:00:00Z')).toBe('closed until 2026-11-30T08:00:00.000Z')
    expect(seen(office, '2026-07-01T08:30:00Z')).toBe('open until 2026-07-01T15:00:00.000Z')
  })

  it('lets a night that begins on Friday go on into Saturday, and only that', () => {
    const night = only(weekly([4], 22, 4, 'UTC'))
    expect(seen(night, '2026-11-28T03:00:00Z')).toBe('open until 2026-11-28T04:00:00.000Z')
    expect(seen(night, '2026-11-27T03:00:00Z')).toBe('closed until 2026-11-27T22:00:00.000Z')
  })

  it('makes a night window an hour shorter when clocks are put forward, and an hour longer when they are put back', () => {
    const night = only(weekly(everyDay, 22, 6, 'Europe/Berlin'))
    expect(seen(night, '2026-03-28T21:00:00Z')).toBe('open until 2026-03-29T04:00:00.000Z')
    expect(seen(night, '2026-10-24T20:00:00Z')).toBe('open until 2026-10-25T05:00:00.000Z')
  })

  it('never opens a window that lies wholly in the hour that is left out', () => {
    const gap = only(weekly([6], 2, 3, 'Europe/Berlin'))
    expect(seen(gap, '2026-03-28T12:00:00Z')).toBe('closed until 2026-04-05T00:00:00.000Z')
  })

  it('closes at the change of clocks when its end is left out by it', () => {
    const half: Period = {
      kind: 'weekly',
      days: [6],
      hours: [{ from: 1 * HOUR, until: 2.5 * HOUR }],
      zone: 'Europe/Berlin',
    }
    expect(seen(only(half), '2026-03-29T00:30:00Z')).toBe('open until 2026-03-29T01:00:00.000Z')
  })

  it('opens twice in the hour that comes twice', () => {
    const twice = only(weekly([6], 2, 3, 'Europe/Berlin'))
    expect(seen(twice, '2026-10-24T23:00:00Z')).toBe('closed until 2026-10-25T00:00:00.000Z')
    expect(seen(twice, '2026-10-25T00:30:00Z')).toBe('open until 2026-10-25T02:00:00.000Z')
  })

  it('says that a window that is always open never changes', () => {
    expect(seen(only(weekly(everyDay, 0, 24, 'UTC')), '2026-01-01T00:00:00Z')).toBe('open until ever')
  })

  it('joins periods that touch', () => {
    const both = only(weekly(everyDay, 8, 12, 'UTC'), weekly(everyDay, 12, 17, 'UTC'))
    expect(seen(both, '2026-01-01T09:00:00Z')).toBe('open until 2026-01-01T17:00:00.000Z')
  })

  it('keeps a cron window open for its time, and joins starts that overlap', () => {
    const cron = (text: string, hours: number): Calendar =>
      only({ kind: 'cron', cron: text, forMs: hours * HOUR, zone: 'America/New_York' })
    expect(seen(cron('0 22 * * 1-5', 6), '2026-11-24T04:00:00Z')).toBe('open until 2026-11-24T09:00:00.000Z')
    expect(seen(cron('0 22 * * 1-5', 6), '2026-11-24T09:00:00Z')).toBe('closed until 2026-11-25T03:00:00.000Z')
    expect(seen(cron('0 1,2,3 * * *', 2), '2026-11-24T06:00:00Z')).toBe('open until 2026-11-24T10:00:00.000Z')
    expect(seen(cron('0 * * * *', 2), '2026-11-24T06:00:00Z')).toBe('open until ever')
  })

  it('closes for a freeze, from its first instant to its last', () => {
    const zone = 'Europe/Paris'
    const fromMs = parseInstant('2026-11-26', zone, false) ?? 0
    const untilMs = parseInstant('2026-11-30', zone, true) ?? 0
    const calendar: Calendar = {
      windows: {},
      freezes: [{ name: 'w', fromMs, untilMs, services: null, reason: null }],
    }
    expect(seen(calendar, '2026-11-25T22:59:59Z')).toBe('open until 2026-11-25T23:00:00.000Z')
    expect(seen(calendar, '2026-11-25T23:00:00Z')).toBe('closed until 2026-11-30T23:00:00.000Z')
    expect(seen(calendar, '2026-11-30T23:00:00Z')).toBe('open until ever')
  })

  it('is open or closed without a break until the change that it foretells, and differs at it', () => {
    const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC', 'Asia/Kolkata')
    const minutes = fc.integer({ min: 0, max: 1439 })
    const period = fc.tuple(fc.subarray(everyDay, { minLength: 1 }), minutes, minutes, zones).map(
      ([days, from, until, zone]): Period => ({
        kind: 'weekly',
        days,
        hours: [{ from: from * 60_000, until: until * 60_000 }],
        zone,
      }),
    )
    const instants = fc.integer({ min: at('2026-01-01'), max: at('2027-12-31') })
    fc.assert(
      fc.property(period, instants, fc.double({ min: 0, max: 0.999999, noNaN: true }), (one, now, part) => {
        const { open, changesAt } = calendarAt(only(one), now)['w'] ?? { open: false, changesAt: null }
        if (changesAt === null) return
        const between = Math.min(changesAt - 1, Math.floor(now + (changesAt - now) * part))
        expect(calendarAt(only(one), between)['w']?.open).toBe(open)
        expect(calendarAt(only(one), changesAt - 1)['w']?.open).toBe(open)
        expect(calendarAt(only(one), changesAt)['w']?.open).toBe(!open)
      }),
      { numRuns: 150 },
    )
  })
})

describe('instants in the release file', () => {
  it.each([
    ['2026-02-30', null],
    ['tomorrow', null],
    ['2026-11-26T25:00', null],
    ['2026-11-26T08:00', '2026-11-26T07:00:00.000Z'],
    ['2026-11-26T08:00:30Z', '2026-11-26T08:00:30.000Z'],
    ['2026-11-26T08:00+05:30', '2026-11-26T02:30:00.000Z'],
  ])('reads %s in Paris', (text, expected) => {
    const instant = parseInstant(text, 'Europe/Paris', false)
    expect(instant === null ? null : new Date(instant).toISOString()).toBe(expected)
  })
})
