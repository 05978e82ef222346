/** What a protocol says next, in whatever world it finds itself: also in one that no protocol has ever made. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { frozen } from '../journal/testing/frozen.ts'
import { enoughReady } from '../moves/facts.ts'
import { type Fence, otherSide, type Side, sides } from '../moves/goal.ts'
import { handoff } from './handoff.ts'
import {
  defaultHandoffLimits,
  emptyHandoffMemo,
  type HandoffGoal,
  type HandoffWorld,
  type ScheduleOnSide,
} from './handoff-world.ts'
import { type ProvisionGoal, type ProvisionWorld, provision } from './provision.ts'
import { isMark, isNewer, type Mark, type Reached } from './reached.ts'
import { emptyShiftMemo, goesBack, type ShiftGoal, type ShiftWorld, shift, type WorkloadFacts } from './shift.ts'
import { emptyWeightsMemo, type WeightsGoal, type WeightsWorld, weights } from './weights.ts'

const runs = { numRuns: 2_000 }
const now = 1_000_000

const fence = (epoch: number, version: number, release = 'r'): Fence => ({ release, epoch, move: 'one', version })
const own = { intent: 'one/2', fence: fence(2, 2), pollMs: 50, retryMs: 5_000 } as const

const mark: fc.Arbitrary<Mark | null> = fc.constantFrom(
  null,
  { intent: 'one/2', fence: fence(2, 2) },
  { intent: 'one/2', fence: fence(1, 2) },
  { intent: 'one/1', fence: fence(1, 1) },
  { intent: 'one/3', fence: fence(2, 3) },
  { intent: 'one/9', fence: fence(3, 1) },
  { intent: 'other/9', fence: fence(9, 9, 'another release') },
)

const reached = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<Reached<T>> =>
  fc.oneof(
    { weight: 6, arbitrary: value.map((seen): Reached<T> => ({ kind: 'seen', value: seen })) },
    { weight: 1, arbitrary: fc.constant<Reached<T>>({ kind: 'unreachable', because: 'no answer' }) },
    { weight: 1, arbitrary: fc.constant<Reached<T>>({ kind: 'absent', because: 'no such service' }) },
  )
const seenOf = <T>(side: Reached<T>): T | null => (side.kind === 'seen' ? side.value : null)

describe('weights, in any world', () => {
  const world: fc.Arbitrary<WeightsWorld> = fc.record({
    router: reached(
      fc.record({
        green: fc.constantFrom(0, 5, 50, 100),
        effectiveGreen: fc.constantFrom(0, 5, 50, 100),
        ready: fc.record({ blue: fc.constantFrom(true, false, null), green: fc.constantFrom(true, false, null) }),
        revision: fc.constant('1'),
        stamp: mark,
      }),
    ),
    greenReady: fc.constantFrom(true, false, null),
  })
  const goal = fc.constantFrom(0, 5, 50, 100).map((green): WeightsGoal => ({ kind: 'weights', green, ...own }))

  it('set nothing but their goal, raise nothing for an unready green, and obey who is newer', () => {
    fc.assert(
      fc.property(world, goal, (around, wanted) => {
        const next = weights(frozen(around), frozen(wanted), emptyWeightsMemo, now)
        const seen = seenOf(around.router)
        const ready = (seen?.ready.green ?? around.greenReady) === true
        if (seen !== null && isNewer(seen.stamp, own.fence)) expect(next.kind).toBe('refused')
        if (next.kind === 'act') {
          expect(next.action).toEqual({ kind: 'set weight', green: wanted.green })
          expect(seen).not.toBeNull()
          if (wanted.green > (seen?.green ?? 0)) expect(ready).toBe(true)
        }
        if (next.kind === 'done') {
          expect(seen?.green).toBe(wanted.green)
          expect(isMark(seen?.stamp ?? null, own.fence, own.intent)).toBe(true)
          expect(seen?.effectiveGreen).toBeLessThanOrEqual(wanted.green)
        }
        if (next.kind === 'wait') expect(next.until).toBeGreaterThan(now)
      }),
      runs,
    )
  })
})

const workload: fc.Arbitrary<WorkloadFacts> = fc
  .record({
    ...{ desired: fc.nat(3), ready: fc.nat(3), running: fc.nat(4), problem: fc.constantFrom(null, 'it is ill') },
    ...{ revision: fc.constant('1'), stamp: mark },
  })
  .chain((facts) => {
    const seen = { ...facts, running: Math.max(facts.running, facts.ready) }
    const autoscaled = fc.record({ least: fc.integer({ min: 0, max: facts.desired }), held: fc.boolean() })
    return fc.oneof(
      fc.constant(seen),
      autoscaled.map((by) => ({ ...seen, autoscaled: by })),
    )
  })

describe('shifting replicas, in any world', () => {
  const world: fc.Arbitrary<ShiftWorld> = fc.record({ blue: reached(workload), green: reached(workload) })
  const goal: fc.Arbitrary<ShiftGoal> = fc
    .record({
      ...{ blue: fc.nat(3), green: fc.nat(3), exclusive: fc.boolean() },
      assumeDead: fc.constantFrom<Side | null>(null, null, 'green'),
    })
    .map((wanted) => ({ kind: 'workload', ...wanted, ...own }))

  it('wants nothing but its goal, takes nothing away before it stands elsewhere, and obeys who is newer', () => {
    fc.assert(
      fc.property(world, goal, (around, wanted) => {
        const next = shift(frozen(around), frozen(wanted), emptyShiftMemo, now)
        const seen = { blue: seenOf(around.blue), green: seenOf(around.green) }
        if (sides.some((side) => isNewer(seen[side]?.stamp ?? null, own.fence))) expect(next.kind).toBe('refused')
        if (next.kind !== 'act') return
        const { side, replicas } = next.action
        const other = otherSide(side)
        expect(replicas).toBe(wanted[side])
        expect(seen[side]).not.toBeNull()
        const before = seen[side]?.desired ?? 0
        const beside = seen[other]
        if (wanted.exclusive && replicas > before) {
          const isStopped = beside !== null && beside.desired === 0 && beside.running === 0
          expect(isStopped || (beside === null && wanted.assumeDead === other)).toBe(true)
        }
        // Going back, green's copies are never what blue's depend on.
        if (!wanted.exclusive && replicas < before && !(goesBack(wanted) && side === 'blue')) {
          const mustStand = beside === null ? wanted[other] > 0 : beside.desired <= wanted[other]
          const enough = beside === null ? wanted[other] : Math.min(wanted[other], enoughReady(beside))
          if (mustStand) expect(beside?.ready ?? 0).toBeGreaterThanOrEqual(enough)
          // What is taken away here must not be scaled away there.
          if (mustStand && wanted[other] > 0) expect(beside?.autoscaled?.held ?? true).toBe(true)
        }
      }),
      runs,
    )
  })

  it('lets no number run on both sides, whatever it finds, and takes one at a time', () => {
    const numbered = workload.map((facts): WorkloadFacts => ({ ...facts, ordinals: true }))
    const worlds: fc.Arbitrary<ShiftWorld> = fc.record({ blue: reached(numbered), green: reached(numbered) })
    fc.assert(
      fc.property(worlds, goal, (around, wanted) => {
        fc.pre(!wanted.exclusive)
        const next = shift(frozen(around), frozen(wanted), emptyShiftMemo, now)
        if (next.kind !== 'act') return
        const { side, replicas } = next.action
        const [seen, beside] = [seenOf(around[side]), seenOf(around[otherSide(side)])]
        const before = seen?.desired ?? 0
        const held = beside === null ? 0 : Math.max(beside.desired, beside.running)
        if (replicas > before) expect(replicas + held).toBeLessThanOrEqual(wanted.blue + wanted.green)
        const isBack = goesBack(wanted) && (seenOf(around.blue)?.desired ?? 0) === wanted.blue
        if (replicas < before && !isBack) expect(before - replicas).toBe(1)
      }),
      runs,
    )
  })

  it('is done only when both sides are as they should be, or the one that is not may be left', () => {
    fc.assert(
      fc.property(world, goal, (around, wanted) => {
        const next = shift(around, wanted, emptyShiftMemo, now)
        if (next.kind !== 'done') return
        for (const side of sides) {
          const seen = seenOf(around[side])
          const isLeft = (side === 'green' && goesBack(wanted)) || wanted.assumeDead === side
          if (seen === null) expect(isLeft).toBe(true)
          else {
            expect(seen.desired).toBe(wanted[side])
            // Where only one copy may run, the side that starts need not wait for what it ends itself.
            if (!wanted.exclusive) expect(seen.running).toBeLessThanOrEqual(wanted[side])
          }
        }
      }),
      runs,
    )
  })
})

describe('provisioning, in any world', () => {
  const world: fc.Arbitrary<ProvisionWorld> = fc.record({
    green: reached(workload),
    schedule: fc.option(reached(fc.record({ suspended: fc.boolean() }))),
  })
  const goal: ProvisionGoal = { kind: 'provision', ...own }

  it('stops nothing that others started, starts nothing, and ends asleep', () => {
    fc.assert(
      fc.property(world, (around) => {
        const next = provision(frozen(around), goal, null, now)
        const seen = seenOf(around.green)
        const isOurs = seen?.stamp?.fence.release === own.fence.release
        if (seen !== null && seen.desired > 0 && !isOurs) expect(next.kind).not.toBe('act')
        if (next.kind === 'act' && next.action.kind === 'sleep') expect(isOurs).toBe(true)
        if (next.kind !== 'done') return
        expect([seen?.desired, seen?.running]).toEqual([0, 0])
        if (around.schedule !== null) expect(seenOf(around.schedule)?.suspended).toBe(true)
      }),
      runs,
    )
  })
})

describe('handing a schedule over, in any world', () => {
  const tick = fc.integer({ min: 990, max: 1_010 }).map((second) => second * 1_000)
  const schedule: fc.Arbitrary<ScheduleOnSide> = fc.record({
    schedule: fc.record({
      unsure: fc.constantFrom(null, null, null, 'its zone is not known'),
      concurrency: fc.constantFrom('Allow', 'Forbid', 'Replace'),
      deadlineMs: fc.constantFrom(null, 2_000),
      suspended: fc.boolean(),
      cursor: fc.option(tick),
      createdAt: fc.constant(900_000),
      active: fc.constantFrom([], [{ name: 'one-1', tick: 995_000 }]),
      newestRun: fc.option(tick),
      pending: fc.option(tick, { freq: 4 }),
      fenced: fc.uniqueArray(tick, { maxLength: 4 }).map((all) => all.toSorted((a, b) => a - b)),
      passesSinceChange: fc.nat(1),
      unguarded: fc.constant(null),
      revision: fc.constant('1'),
      stamp: mark,
      now: fc.constantFrom(now, now + 500),
    }),
    ticks: fc.uniqueArray(tick, { maxLength: 8 }).map((all) => all.toSorted((a, b) => a - b)),
  })
  const world: fc.Arbitrary<HandoffWorld> = fc.record({
    ...{ blue: reached(schedule), green: reached(schedule) },
    ...{ ticksFrom: fc.constant(990_000), horizonMs: fc.constant(5_000), clockChange: fc.constant(null) },
  })
  const goal: fc.Arbitrary<HandoffGoal> = fc
    .record({
      owner: fc.constantFrom<Side>('blue', 'green'),
      ...{ suspended: fc.boolean(), missed: fc.constantFrom('latest', 'all', 'skip') },
      ...{ assumeDead: fc.constantFrom<Side | null>(null, null, 'green'), knownRun: fc.option(tick) },
    })
    .map((wanted) => ({
      ...{ kind: 'schedule', ...wanted, intent: own.intent, fence: own.fence },
      limits: { ...defaultHandoffLimits, quietMs: 0 },
    }))

  it('never starts one side while the other may still run, and starts nothing that was suspended before', () => {
    fc.assert(
      fc.property(world, goal, (around, wanted) => {
        const next = handoff(frozen(around), frozen(wanted), emptyHandoffMemo, now)
        const newer = sides.some((side) => isNewer(seenOf(around[side])?.schedule.stamp ?? null, own.fence))
        if (newer) expect(next.kind).toBe('refused')
        if (next.kind !== 'act') return
        const { action } = next
        const from = around[otherSide(action.side)]
        expect(around[action.side].kind).toBe('seen')
        if (action.kind !== 'resume') return
        expect(wanted.suspended).toBe(false)
        const isStopped = from.kind === 'seen' ? from.value.schedule.suspended : from.kind === 'absent'
        expect(isStopped || wanted.assumeDead === otherSide(action.side)).toBe(true)
      }),
      runs,
    )
  })

  /** Where only the last steps are left, or nearly so: most other worlds never come there. */
  const nearlyThere: fc.Arbitrary<HandoffWorld> = fc
    .record({
      ...{ from: schedule, to: schedule, ticks: fc.uniqueArray(tick, { minLength: 2, maxLength: 4 }) },
      ...{ cursor: tick, ran: fc.constantFrom(null, 991_000), isFenced: fc.boolean(), isMarked: fc.boolean() },
    })
    .map(({ from, to, ticks: drawn, cursor, ran, isFenced, isMarked }) => {
      const ticks = drawn.toSorted((a, b) => a - b)
      const ours = { stamp: isMarked ? { intent: own.intent, fence: own.fence } : from.schedule.stamp, newestRun: ran }
      const beside = { ...ours, concurrency: 'Allow', deadlineMs: null, pending: null, active: [], now } as const
      const old = { ...from.schedule, ...beside, suspended: true, cursor: null, fenced: isFenced ? ticks : [] }
      const next = { ...to.schedule, ...beside, suspended: true, cursor, fenced: [] }
      return {
        blue: { kind: 'seen', value: { schedule: old, ticks } },
        green: { kind: 'seen', value: { schedule: next, ticks } },
        ...{ ticksFrom: 990_000, horizonMs: 5_000, clockChange: null },
      }
    })

  it('resumes only from a cursor past everything that ran on either side, with the other side marked and fenced', () => {
    const turned = fc.oneof(
      nearlyThere,
      nearlyThere.map((one) => ({ ...one, blue: one.green, green: one.blue })),
      world,
    )
    let resumed = 0
    fc.assert(
      fc.property(turned, goal, (around, wanted) => {
        const next = handoff(around, wanted, emptyHandoffMemo, now)
        if (next.kind !== 'act' || next.action.kind !== 'resume') return
        resumed += 1
        const [to, from] = [seenOf(around[next.action.side]), seenOf(around[otherSide(next.action.side)])]
        const ran = Math.max(0, ...[to, from].map((one) => one?.schedule.newestRun ?? 0))
        expect(to?.schedule.cursor ?? 0).toBeGreaterThanOrEqual(ran)
        if (from === null) return
        expect(isMark(from.schedule.stamp, own.fence, own.intent)).toBe(true)
        expect(from.schedule.passesSinceChange).toBeGreaterThan(0)
        // Under `skip`, ticks before the cursor were let go on purpose.
        for (const due of from.ticks)
          if (due > (to?.schedule.cursor ?? 0) && due <= now) expect(from.schedule.fenced).toContain(due)
      }),
      { numRuns: 4_000 },
    )
    expect(resumed).toBeGreaterThan(20)
  })
})
