import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConcurrencyPolicy } from '../../inventory/estate.ts'
import type { Millis } from '../../moves/goal.ts'
import { ticksBetween, timetableOf } from '../timetable.ts'
import { decideSchedule, latestTick, type SchedulerInput } from './scheduler.ts'

const at = (text: string): Millis => Date.parse(text)
const minutely = timetableOf('* * * * *', 'UTC', 0)

const input = (more: Partial<SchedulerInput>): SchedulerInput => ({
  timetable: minutely,
  concurrency: 'Allow',
  deadlineMs: null,
  suspended: false,
  cursor: at('2026-01-01T00:00:00Z'),
  createdAt: at('2026-01-01T00:00:00Z'),
  awakeSince: null,
  active: false,
  taken: () => false,
  now: at('2026-01-01T00:00:00Z'),
  ...more,
})

describe('what a schedule runs now', () => {
  it('runs a tick when it is due, and says when the next one is', () => {
    const decision = decideSchedule(input({ now: at('2026-01-01T00:01:00.003Z') }))
    expect(decision.start).toEqual([at('2026-01-01T00:01:00Z')])
    expect(decision.cursor).toBe(at('2026-01-01T00:01:00Z'))
    expect(decision.nextAt).toBe(at('2026-01-01T00:02:00Z'))
  })

  it('runs nothing while it is suspended, and does not move its cursor', () => {
    const decision = decideSchedule(input({ suspended: true, now: at('2026-01-01T01:00:00Z') }))
    expect(decision).toMatchObject({ start: [], cursor: at('2026-01-01T00:00:00Z'), nextAt: null })
  })

  it('catches up only the most recent of the ticks missed in a gap', () => {
    const decision = decideSchedule(input({ now: at('2026-01-01T05:30:30Z') }))
    expect(decision.start).toEqual([at('2026-01-01T05:30:00Z')])
  })

  it('makes every tick that passed while it was awake, however late the pass comes', () => {
    const decision = decideSchedule(input({ awakeSince: at('2026-01-01T00:00:30Z'), now: at('2026-01-01T00:03:01Z') }))
    expect(decision.start).toHaveLength(3)
  })

  it('drops a tick whose deadline has passed', () => {
    const late = input({ deadlineMs: 10_000, now: at('2026-01-01T00:01:11Z') })
    expect(decideSchedule(late)).toMatchObject({ start: [], cursor: at('2026-01-01T00:01:00Z'), missed: 1 })
    expect(decideSchedule({ ...late, now: at('2026-01-01T00:01:10Z') }).start).toHaveLength(1)
  })

  it('passes over a tick that is fenced or was run already', () => {
    const decision = decideSchedule(input({ taken: () => true, now: at('2026-01-01T00:01:00Z') }))
    expect(decision).toMatchObject({ start: [], cursor: at('2026-01-01T00:01:00Z') })
  })

  it('holds a tick back under Forbid, keeps the cursor before it, and runs only the newest when the run ends', () => {
    const awakeSince = at('2026-01-01T00:00:30Z')
    const busy = input({ concurrency: 'Forbid', active: true, awakeSince, now: at('2026-01-01T00:02:01Z') })
    const held = decideSchedule(busy)
    expect(held).toMatchObject({
      start: [],
      pending: at('2026-01-01T00:02:00Z'),
      cursor: at('2026-01-01T00:01:00Z'),
      missed: 1,
      endActive: false,
    })
    const free = { ...busy, active: false, cursor: held.cursor, now: at('2026-01-01T00:02:20Z'), awakeSince: busy.now }
    expect(decideSchedule(free)).toMatchObject({ start: [at('2026-01-01T00:02:00Z')], pending: null })
  })

  it('ends the active run under Replace, and starts the new one only when it has ended', () => {
    const busy = input({ concurrency: 'Replace', active: true, now: at('2026-01-01T00:01:00Z') })
    expect(decideSchedule(busy)).toMatchObject({ start: [], endActive: true, pending: at('2026-01-01T00:01:00Z') })
    expect(decideSchedule({ ...busy, active: false }).start).toEqual([at('2026-01-01T00:01:00Z')])
  })

  it('does nothing while the clock stands before its cursor', () => {
    const decision = decideSchedule(input({ awakeSince: at('2026-01-01T00:00:30Z'), now: at('2025-12-31T23:00:00Z') }))
    expect(decision).toMatchObject({ start: [], nextAt: at('2026-01-01T00:01:00Z') })
  })

  it('keeps the phase of @every from its cursor, and from its creation when there is none', () => {
    const created = at('2026-01-01T00:00:07.300Z')
    const timetable = timetableOf('@every 30s', 'UTC', created)
    const first = decideSchedule(input({ timetable, cursor: null, createdAt: created, now: created + 30_000 }))
    expect(first.start).toEqual([at('2026-01-01T00:00:37Z')])
    const moved = timetableOf('@every 30s', 'UTC', at('2026-01-01T00:00:37Z'))
    expect(moved.next(at('2026-01-01T00:00:50Z'))).toBe(at('2026-01-01T00:01:07Z'))
  })
})

describe('daylight saving', () => {
  const days = (cron: string, from: string, until: string) =>
    ticksBetween(timetableOf(cron, 'America/New_York', 0), at(from), at(until), 10).map((tick) =>
      new Date(tick).toISOString().slice(0, 16),
    )

  it('runs a fixed time in the spring gap once, right after it', () => {
    expect(days('30 2 * * *', '2026-03-07T12:00Z', '2026-03-09T12:00Z')).toEqual([
      '2026-03-08T07:00',
      '2026-03-09T06:30',
    ])
  })

  it('runs a fixed time in the repeated autumn hour once, and what runs by intervals in both', () => {
    expect(days('30 1 * * *', '2026-10-31T12:00Z', '2026-11-02T12:00Z')).toEqual([
      '2026-11-01T05:30',
      '2026-11-02T06:30',
    ])
    expect(days('*/30 1 * * *', '2026-11-01T00:00Z', '2026-11-01T12:00Z')).toEqual([
      '2026-11-01T05:00',
      '2026-11-01T05:30',
      '2026-11-01T06:00',
      '2026-11-01T06:30',
    ])
  })
})

describe('over any sequence of passes', () => {
  const policies: readonly ConcurrencyPolicy[] = ['Allow', 'Forbid', 'Replace']
  const step = fc.record({ waits: fc.integer({ min: 1, max: 20_000 }), ends: fc.boolean() })

  it('never starts a tick twice, never goes back, never overlaps where it may not, and loses none under Allow', () => {
    fc.assert(
      fc.property(fc.constantFrom(...policies), fc.array(step, { maxLength: 60 }), (concurrency, steps) => {
        const timetable = timetableOf('*/3 * * * * *', 'UTC', 0)
        const begin = at('2026-01-01T00:00:00Z')
        const ran: Millis[] = []
        let cursor: Millis | null = null
        let active = 0
        let now = begin
        let awakeSince: Millis | null = begin
        for (const { waits, ends } of steps) {
          now += waits
          if (ends) active = 0
          const decision: ReturnType<typeof decideSchedule> = decideSchedule(
            input({
              timetable,
              concurrency,
              cursor,
              createdAt: begin,
              awakeSince,
              active: active > 0,
              now,
              taken: (tick) => ran.includes(tick),
            }),
          )
          expect(decision.cursor ?? 0).toBeGreaterThanOrEqual(cursor ?? 0)
          if (concurrency !== 'Allow') expect(decision.start.length + active).toBeLessThanOrEqual(Math.max(1, active))
          for (const tick of decision.start) expect(ran).not.toContain(tick)
          ran.push(...decision.start)
          active += decision.start.length
          cursor = decision.cursor
          awakeSince = now
        }
        expect(ran).toEqual(ran.toSorted((a, b) => a - b))
        if (concurrency === 'Allow') expect(ran).toEqual(ticksBetween(timetable, begin, now, 10_000))
      }),
      { numRuns: 60 },
    )
  })

  it('finds the latest tick in any window as a plain search does', () => {
    const timetable = timetableOf('7,23 * * * *', 'UTC', 0)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000_000 }), fc.integer({ min: 0, max: 90_000_000 }), (start, length) => {
        const from = at('2026-01-01T00:00:00Z') + start
        const plain = ticksBetween(timetable, from, from + length, 1_000).at(-1) ?? null
        expect(latestTick(timetable, from, from + length)).toBe(plain)
      }),
      { numRuns: 40 },
    )
  })
})
