import { describe, expect, it } from 'vitest'
import type { Fence } from '../moves/goal.ts'
import { handoff } from './handoff.ts'
import { handBackAfterRefusal } from './handoff-memory.ts'
import {
  defaultHandoffLimits,
  emptyHandoffMemo,
  type HandoffGoal,
  type HandoffMemo,
  type HandoffWorld,
  type ScheduleFacts,
} from './handoff-world.ts'

const minute = 60_000
/** A tick of every minute; the handoff is asked for half a minute later. */
const noon = Date.UTC(2026, 0, 7, 12, 0, 0)
const now = noon + minute / 2
const fence: Fence = { release: 'shop', epoch: 1, move: 'invoices', version: 2 }
const intent = 'invoices/2'
const ours = { fence, intent }
const back = { fence, intent: `${intent}/back` }

const onBlue: ScheduleFacts = {
  unsure: null,
  concurrency: 'Allow',
  deadlineMs: null,
  suspended: false,
  cursor: noon,
  createdAt: noon - 60 * minute,
  active: [],
  newestRun: noon,
  pending: null,
  fenced: [],
  passesSinceChange: 0,
  unguarded: null,
  revision: '1',
  stamp: null,
  now,
}
const onGreen: ScheduleFacts = { ...onBlue, suspended: true, cursor: null, newestRun: null, createdAt: now - 1_000 }
const ticks = [noon + minute, noon + 2 * minute, noon + 3 * minute]

const worldOf = (
  blue: Partial<ScheduleFacts>,
  green: Partial<ScheduleFacts> = {},
  more: Partial<HandoffWorld> = {},
): HandoffWorld => ({
  blue: { kind: 'seen', value: { schedule: { ...onBlue, ...blue }, ticks } },
  green: { kind: 'seen', value: { schedule: { ...onGreen, ...green }, ticks } },
  ticksFrom: noon,
  horizonMs: 3 * minute,
  clockChange: null,
  ...more,
})
const goalOf = (more: Partial<HandoffGoal> = {}): HandoffGoal => ({
  kind: 'schedule',
  owner: 'green',
  intent,
  fence,
  suspended: false,
  missed: 'latest',
  assumeDead: null,
  knownRun: null,
  limits: defaultHandoffLimits,
  ...more,
})
const next = (world: HandoffWorld, goal = goalOf(), memo: Partial<HandoffMemo> = {}, at = now) =>
  handoff(world, goal, { ...emptyHandoffMemo, ...memo }, at)
const paused = { suspended: true, stamp: ours }

describe('what is asked before a schedule is touched', () => {
  it('refuses while the clocks of its zone change, and when its ticks are not known for sure', () => {
    const clockChange = 'the clocks of America/New_York change'
    expect(next(worldOf({}, {}, { clockChange }))).toEqual({ kind: 'refused', because: clockChange })
    expect(next(worldOf({ unsure: 'it has no spec.timeZone' }))).toEqual({
      kind: 'refused',
      because: 'the ticks on blue are not known: it has no spec.timeZone',
    })
    expect(next(worldOf({}, { unsure: 'it is odd' }))).toMatchObject({ because: expect.stringContaining('on green') })
  })

  it('asks none of it on the way back', () => {
    const world = worldOf({ suspended: true, unsure: 'odd' }, { suspended: false }, { clockChange: 'they change' })
    expect(next(world, goalOf({ owner: 'blue' }))).toMatchObject({
      kind: 'act',
      action: { kind: 'pause', side: 'green' },
    })
  })

  it('refuses a starting deadline that differs, as the pause is measured by it', () => {
    expect(next(worldOf({ deadlineMs: 20_000 }))).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('20000 ms on blue, none ms on green'),
    })
  })
})

describe('a tick that was taken from blue before its scheduler, late to see the pause, ran a later one', () => {
  const [taken, ranLate, ahead] = [noon + minute, noon + 2 * minute, noon + 3 * minute]
  const at = ranLate + minute / 2
  const memo: Partial<HandoffMemo> = {
    ...{ pausedAt: now, barrier: true, ran: ranLate, oldRan: ranLate, fenced: [taken, ahead] },
  }
  const begun = { ...paused, passesSinceChange: 1, newestRun: ranLate, cursor: ranLate, fenced: [taken, ahead] }

  it.each([
    ['the pause is too long', () => next(worldOf(begun, { stamp: ours }), goalOf(), memo, at)],
    [
      'it is refused on green',
      () =>
        next(
          worldOf(begun, { stamp: ours }),
          goalOf(),
          handBackAfterRefusal(goalOf(), { ...emptyHandoffMemo, ...memo }, 'no') ?? {},
          at,
        ),
    ],
  ])('is run on blue when the schedule goes back because %s', (_, turnRound) => {
    const step = turnRound()
    expect(step).toMatchObject({ kind: 'act', action: { kind: 'stamp', intent: back.intent } })
    const turned = 'memo' in step ? step.memo : {}
    const stamped = { ...begun, stamp: back }
    expect(
      next(worldOf(stamped, { stamp: back, fenced: [ahead], passesSinceChange: 1 }), goalOf(), turned, at),
    ).toMatchObject({
      kind: 'act',
      action: { kind: 'unfence', side: 'blue', after: taken - 1 },
    })
    const swept = { ...stamped, fenced: [] }
    expect(
      next(worldOf(swept, { stamp: back, fenced: [ahead], passesSinceChange: 1 }), goalOf(), turned, at),
    ).toMatchObject({
      kind: 'act',
      action: { kind: 'run', side: 'blue', tick: taken },
    })
  })
})

describe('the longest pause', () => {
  const begun = { ...paused, passesSinceChange: 1 }

  it('is the starting deadline where that is shorter than the period: then blue gets it back', () => {
    const deadlineMs = 8_000
    const world = worldOf({ ...begun, deadlineMs }, { stamp: ours, deadlineMs })
    expect(next(world, goalOf(), { pausedAt: now - 7_000, barrier: true })).toMatchObject({ action: { kind: 'fence' } })
    const step = next(world, goalOf(), { pausedAt: now - 8_000, barrier: true })
    expect(step).toMatchObject({ kind: 'act', action: { kind: 'stamp', intent: back.intent } })
    expect(step).toMatchObject({
      memo: { back: { because: 'the pause reached 8000 ms, at most 8000 ms are allowed' } },
    })
  })

  it('is the period where no deadline is set', () => {
    const world = worldOf(begun, { stamp: ours })
    expect(next(world, goalOf(), { pausedAt: now - 59_000, barrier: true })).toMatchObject({
      action: { kind: 'fence' },
    })
    expect(next(world, goalOf(), { pausedAt: now - minute, barrier: true })).toMatchObject({
      memo: { back: { final: false } },
    })
  })

  it('does not count the wait for a run that Forbid keeps from being left behind', () => {
    const world = worldOf({ ...begun, concurrency: 'Forbid' }, { stamp: ours, concurrency: 'Forbid' })
    const memo = { pausedAt: now - 90_000, waitedMs: 80_000, barrier: true }
    expect(next(world, goalOf(), memo)).toMatchObject({ action: { kind: 'fence' } })
    const endless = { pausedAt: now - 620_000, waitingSince: now - 600_000, barrier: true }
    expect(next(world, goalOf(), endless)).toMatchObject({
      memo: { back: { because: 'a run on blue did not end within 600000 ms' } },
    })
  })

  it('has no end on the way back: blue is where it belongs', () => {
    const world = worldOf({ suspended: true, stamp: ours }, { suspended: true, stamp: ours, passesSinceChange: 1 })
    expect(next(world, goalOf({ owner: 'blue' }), { pausedAt: now - 60 * minute, barrier: true })).toMatchObject({
      action: { kind: 'fence', side: 'green' },
    })
  })

  it('starts the newest missed tick by hand when the deadline would pass before the catch-up', () => {
    const deadlineMs = 60_000
    const due = noon + minute
    const at = due + deadlineMs - 500
    const world = worldOf({ ...begun, deadlineMs, fenced: ticks, now: at }, { stamp: ours, deadlineMs, now: at })
    const step = next(world, goalOf(), { pausedAt: at - 1_000, barrier: true }, at)
    expect(step).toMatchObject({ kind: 'act', action: { kind: 'run', side: 'green', tick: due } })
  })

  it('says which older ticks it lets go when it starts the newest by hand', () => {
    const at = noon + 2 * minute + 9_500
    const deadlineMs = 10_000
    const waited = { ...begun, deadlineMs, fenced: ticks }
    const memo = { pausedAt: at - 2_000, barrier: true, fenced: ticks }
    expect(next(worldOf(waited, { stamp: ours, deadlineMs }), goalOf(), memo, at)).toMatchObject({
      kind: 'act',
      action: { kind: 'run', tick: noon + 2 * minute },
      memo: { skipped: [noon + minute] },
    })
  })
})

describe('a schedule that was suspended before the release', () => {
  const suspended = goalOf({ suspended: true })

  it('stays suspended on green, from the cursor of blue', () => {
    const blue = { suspended: true }
    expect(next(worldOf(blue), suspended)).toMatchObject({ action: { kind: 'stamp', side: 'green' } })
    expect(next(worldOf(blue, { stamp: ours, suspended: false }), suspended)).toMatchObject({
      action: { kind: 'pause', side: 'green' },
    })
    expect(next(worldOf(blue, { stamp: ours }), suspended)).toMatchObject({
      action: { kind: 'set cursor', side: 'green', cursor: noon },
    })
    expect(next(worldOf(blue, { stamp: ours, cursor: noon }), suspended)).toMatchObject({
      kind: 'done',
      result: { owner: 'green', suspended: true },
    })
  })

  it('is refused when somebody let it run on blue meanwhile', () => {
    expect(next(worldOf({}, { stamp: ours }), suspended)).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('runs there now'),
    })
  })

  it('goes back without a word to a green that does not answer', () => {
    const world = worldOf({ suspended: true }, {}, { green: { kind: 'unreachable', because: 'no answer' } })
    expect(next(world, goalOf({ owner: 'blue', suspended: true }))).toMatchObject({ kind: 'done' })
  })
})

describe('where green does not answer on the way back', () => {
  const world = worldOf({ suspended: true, stamp: ours }, {}, { green: { kind: 'unreachable', because: 'no answer' } })

  it('stays stopped on blue, and says what would start it', () => {
    expect(next(world, goalOf({ owner: 'blue' }))).toMatchObject({
      kind: 'wait',
      because: expect.stringContaining('--assume-dead green'),
    })
  })

  it('starts on blue once green is assumed dead, with the ticks that may run twice', () => {
    const due = noon + minute
    const at = due + 1_000
    const later = worldOf(
      { suspended: true, stamp: ours, now: at },
      {},
      { green: { kind: 'unreachable', because: 'no answer' } },
    )
    const step = next(later, goalOf({ owner: 'blue', assumeDead: 'green' }), {}, at)
    expect(step).toMatchObject({ action: { kind: 'resume', side: 'blue' }, memo: { mayRunTwice: [due] } })
  })
})

describe('a refusal in the middle', () => {
  it('hands the schedule back to blue, once it was paused and only on the way forward', () => {
    const memo = { ...emptyHandoffMemo, pausedAt: now }
    expect(handBackAfterRefusal(goalOf(), memo, 'quota')).toMatchObject({ back: { because: 'quota', final: true } })
    expect(handBackAfterRefusal(goalOf(), emptyHandoffMemo, 'quota')).toBeNull()
    expect(handBackAfterRefusal(goalOf({ owner: 'blue' }), memo, 'quota')).toBeNull()
  })
})

describe('the result of a handoff', () => {
  it('says when nothing but good will keeps blue stopped', () => {
    const stopped = { ...paused, passesSinceChange: 1, fenced: ticks }
    const arrived = { stamp: ours, suspended: false, cursor: noon }
    expect(next(worldOf(stopped, arrived))).toMatchObject({ kind: 'done', result: { note: null } })
    expect(next(worldOf({ ...stopped, unguarded: 'no policy' }, arrived))).toMatchObject({
      result: { note: 'blue stays stopped until someone unsuspends it: no policy' },
    })
  })
})
