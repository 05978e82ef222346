import { type IntentId, type Millis, otherSide, type Side } from '../moves/goal.ts'
import { cursorOf, dueTicks, newest, orphans, periodAround, schedulesSeen, ticksToFence } from './handoff-cursor.ts'
import { handedBack, isDealtWith, passedAt, passedWhilePaused, resultOf } from './handoff-memory.ts'
import { preflight } from './handoff-preflight.ts'
import {
  emptyHandoffMemo,
  type HandoffAction,
  type HandoffGoal,
  type HandoffMemo,
  type HandoffWorld,
  type ScheduleFacts,
  type ScheduleOnSide,
} from './handoff-world.ts'
import type { Next, Protocol } from './protocol.ts'
import { isMark, isNewer, type Reached, why } from './reached.ts'

type Step = Next<HandoffAction, HandoffMemo>

/** The world as one direction sees it: `old` stops, `owner` starts. Handing back turns the two round. */
type View = {
  readonly world: HandoffWorld
  readonly goal: HandoffGoal
  readonly memo: HandoffMemo
  readonly now: Millis
  /** The latest of all clocks: what any scheduler may believe the time to be. */
  readonly clock: Millis
  readonly old: Side
  readonly owner: Side
  /** Written on both schedules; handing back has one of its own, so that late calls of the way forward are refused. */
  readonly intent: IntentId
  readonly from: Reached<ScheduleOnSide>
  readonly to: Reached<ScheduleOnSide>
  readonly cursor: Millis
}

const backOf = (intent: IntentId): IntentId => `${intent}/back`

const act = (action: HandoffAction, memo: HandoffMemo): Step => ({ kind: 'act', action, memo })
const waitFor = (view: View, ms: Millis, because: string, memo = view.memo): Step => ({
  kind: 'wait',
  until: view.now + ms,
  because,
  memo,
})

/** Goes on handing back when the memo was lost in the middle of it; stops handing back when the way forward succeeded after all. */
const direction = (world: HandoffWorld, goal: HandoffGoal, memo: HandoffMemo): HandoffMemo => {
  const [from, to] = [world[otherSide(goal.owner)], world[goal.owner]]
  if (from.kind !== 'seen' || to.kind !== 'seen' || !from.value.schedule.suspended) return memo
  const arrived = !to.value.schedule.suspended
  if (memo.back !== null) return arrived && !memo.back.final ? { ...memo, back: null } : memo
  const wasGoingBack = from.value.schedule.stamp?.intent === backOf(goal.intent)
  if (arrived || !wasGoingBack) return memo
  return { ...memo, back: { because: 'an earlier attempt was handing it back', final: false } }
}

const look = (world: HandoffWorld, goal: HandoffGoal, given: HandoffMemo, now: Millis): View => {
  const memo = direction(world, goal, given)
  const owner = memo.back === null ? goal.owner : otherSide(goal.owner)
  const seen = schedulesSeen(world)
  return {
    world,
    goal,
    memo,
    now,
    clock: Math.max(now, ...seen.map((schedule) => schedule.now)),
    old: otherSide(owner),
    owner,
    intent: memo.back === null ? goal.intent : backOf(goal.intent),
    from: world[otherSide(owner)],
    to: world[owner],
    cursor: seen.length === 0 ? now : cursorOf(seen, { ran: memo.ran, ledger: goal.knownRun }),
  }
}

// ── Rules, in order; the first that answers wins ──────────────────────────────

type Rule = (view: View) => Step | null

const superseded: Rule = ({ world, goal }) => {
  const newer = schedulesSeen(world).find((schedule) => isNewer(schedule.stamp, goal.fence))
  if (newer === undefined) return null
  return { kind: 'refused', because: `a newer intent, ${newer.stamp?.intent}, has taken the schedule over` }
}

/** Going back, a green that no longer has the schedule can't run it: that is as good as stopped. */
const missing: Rule = ({ from, to, old, owner }) => {
  if (to.kind === 'absent') return { kind: 'refused', because: `there is no schedule on ${owner}: ${to.because}` }
  if (from.kind !== 'absent' || owner === 'blue') return null
  return { kind: 'refused', because: `there is no schedule on ${old}: ${from.because}` }
}

/** A schedule that was suspended before the release stays so on both sides, and green takes blue's cursor over. */
const staysSuspended: Rule = (view) => {
  const { goal, world, intent, memo, cursor } = view
  if (!goal.suspended) return null
  const { blue, green } = world
  const result = (note: string | null): Step => ({ kind: 'done', result: { owner: goal.owner, suspended: true, note } })
  if (green.kind !== 'seen') {
    const note = `green was not touched, because ${why(green)}`
    return goal.owner === 'blue' ? result(note) : waitFor(view, goal.limits.retryMs, note)
  }
  if (!isMark(green.value.schedule.stamp, goal.fence, intent))
    return act({ kind: 'stamp', side: 'green', intent }, memo)
  if (!green.value.schedule.suspended) return act({ kind: 'pause', side: 'green', intent }, memo)
  if (goal.owner === 'blue') return result(null)
  if (blue.kind !== 'seen') return waitFor(view, goal.limits.retryMs, `blue can't be read: ${why(blue)}`)
  if (!blue.value.schedule.suspended) {
    const because = 'it was suspended on blue when the release began, and runs there now; suspend it, or begin anew'
    return { kind: 'refused', because }
  }
  if (blue.value.schedule.cursor !== null && green.value.schedule.cursor !== cursor) {
    return act({ kind: 'set cursor', side: 'green', intent, cursor }, memo)
  }
  return result(null)
}

const ownerUnreachable: Rule = (view) =>
  view.to.kind === 'seen'
    ? null
    : waitFor(view, view.goal.limits.retryMs, `${view.owner} can't take it over: ${why(view.to)}`)

const oldUnreachable: Rule = (view) => {
  if (view.from.kind === 'seen' || view.from.kind === 'absent' || view.goal.assumeDead === view.old) return null
  const because =
    `${view.old} can't confirm that it has stopped (${why(view.from)}), so it stays stopped on ${view.owner}; ` +
    `--assume-dead ${view.old} starts it all the same, and some ticks may then run twice`
  return waitFor(view, view.goal.limits.retryMs, because)
}

const forwardPreflight: Rule = (view) => {
  const { from, to, memo, goal } = view
  if (goal.owner !== 'green' || memo.back !== null || from.kind !== 'seen' || to.kind !== 'seen') return null
  if (from.value.schedule.suspended || !to.value.schedule.suspended) return null
  const answer = preflight({ ...view, from: from.value, to: to.value })
  if (answer.kind === 'go') return null
  if (answer.kind === 'refused') return answer
  return { ...answer, memo: answer.memo ?? { ...memo, quietSince: memo.quietSince ?? view.now } }
}

/**
 * Both stamps come first, even when nothing else will change: they make every late call of an older intent stale. On the
 * way back a green that still runs gets its stamp with the pause, before all else: a hundred that go back at once would
 * wait for each write more, and a refusal can't leave blue without a schedule that it had.
 */
const stamps: Rule = ({ from, to, old, owner, goal, intent, memo }) => {
  const isOurs = ({ schedule }: ScheduleOnSide) => isMark(schedule.stamp, goal.fence, intent)
  if (owner === 'blue' && from.kind === 'seen' && !from.value.schedule.suspended) return null
  if (from.kind === 'seen' && !isOurs(from.value)) return act({ kind: 'stamp', side: old, intent }, memo)
  return to.kind === 'seen' && !isOurs(to.value) ? act({ kind: 'stamp', side: owner, intent }, memo) : null
}

/** How long a schedule that was resumed is given to rest, so that what it missed can be run by hand. */
const restWaitMs = 15_000

/** Beside a run by hand, a tick that the scheduler catches up, or holds back, would be lost to the next one. */
const isCatchingUp = (schedule: ScheduleFacts, memo: HandoffMemo): boolean => {
  if (schedule.concurrency === 'Allow') return false
  const reached = newest([schedule.cursor, schedule.newestRun]) ?? 0
  return schedule.active.length > 0 || schedule.pending !== null || reached < (passedAt(memo).at(-1) ?? 0)
}

/** The old owner is down, and the new one runs. What is left: our tombstones after its cursor would eat its ticks. */
const arrived: Rule = (view) => {
  const { from, to, owner, intent, memo, goal } = view
  if (to.kind !== 'seen' || to.value.schedule.suspended) return null
  if (from.kind === 'seen' && !from.value.schedule.suspended) return null
  const swept = to.value.schedule.cursor ?? 0
  if (to.value.schedule.fenced.some((tick) => tick > swept)) {
    return act({ kind: 'unfence', side: owner, intent, after: swept }, memo)
  }
  const forgotten = goal.missed === 'all' ? passedWhilePaused(memo).find((tick) => !isDealtWith(memo, tick)) : undefined
  const because = `missed ticks run one after the other on ${owner}`
  if (forgotten !== undefined && !isCatchingUp(to.value.schedule, memo))
    return act({ kind: 'run', side: owner, intent, tick: forgotten }, memo)
  // Its runs may take longer than its period: then it never rests, and what was missed is let go.
  if (forgotten !== undefined && view.now - (memo.resumedAt ?? view.now) < restWaitMs)
    return waitFor(view, goal.limits.pollMs, because)
  if (memo.back === null) return { kind: 'done', result: resultOf(view) }
  const handedBack = `handed back to ${owner}: ${memo.back.because}`
  if (memo.back.final) return { kind: 'refused', because: handedBack }
  return waitFor(view, goal.limits.retryMs, handedBack, emptyHandoffMemo)
}

const pause: Rule = ({ from, old, intent, memo, now }) =>
  from.kind !== 'seen' || from.value.schedule.suspended
    ? null
    : act({ kind: 'pause', side: old, intent }, { ...memo, barrier: false, pausedAt: memo.pausedAt ?? now })

/** Too long with nobody running it: back to blue (and never to green). Waiting for a `Forbid` run doesn't count. */
const pauseCap: Rule = (view) => {
  const { memo, from, to, goal, now, world } = view
  if (goal.owner === 'blue' || memo.back !== null || memo.pausedAt === null) return null
  if (from.kind !== 'seen' || to.kind !== 'seen') return null
  const waiting = memo.waitedMs + (memo.waitingSince === null ? 0 : now - memo.waitingSince)
  const paused = now - memo.pausedAt - waiting
  const { deadlineMs } = from.value.schedule
  const period = periodAround(from.value.ticks, view.cursor, view.clock)
  const cap = Math.min(...[period, deadlineMs, goal.limits.pauseCapMs].filter((limit) => limit !== null))
  const tooLong = paused >= cap ? `the pause reached ${paused} ms, at most ${cap} ms are allowed` : null
  const endless = waiting >= goal.limits.forbidWaitMs ? `a run on ${view.old} did not end within ${waiting} ms` : null
  const because = tooLong ?? endless
  if (because === null) return null
  return handoff(world, goal, handedBack(memo, from.value.schedule, { because, final: false }), now)
}

/** A tombstone decides who owns the tick: either the old owner has run it, or it never will. */
const fences: Rule = ({ from, to, old, intent, memo, cursor, clock, world }) => {
  if (from.kind !== 'seen' || to.kind !== 'seen') return null
  const wanted = ticksToFence(from.value.ticks, cursor, clock, world.horizonMs)
  const open = wanted.filter((tick) => !from.value.schedule.fenced.includes(tick))
  return open.length === 0 ? null : act({ kind: 'fence', side: old, intent, ticks: open }, memo)
}

/** A scheduler that has not looked since the pause may still run a tick: it must be seen to have looked. */
const barrier: Rule = ({ from, old, intent, memo }) =>
  from.kind !== 'seen' || memo.barrier || from.value.schedule.passesSinceChange > 0
    ? null
    : act({ kind: 'barrier', side: old, intent }, memo)

/** Under `Forbid` and `Replace` the new owner must not start beside a run of the old one. */
const runsEnd: Rule = (view) => {
  const { from, old, memo, goal, cursor, clock, now } = view
  if (from.kind !== 'seen' || from.value.schedule.concurrency === 'Allow') return null
  const run = from.value.schedule.active[0]
  if (run === undefined) return null
  const because = `run ${run.name} still goes on ${old}, and its policy is ${from.value.schedule.concurrency}`
  // What it holds back but for the newest tick, `Forbid` lets go without any handoff, too.
  const holdsBack = from.value.schedule.concurrency === 'Forbid' && dueTicks(from.value.ticks, cursor, clock).length > 1
  const outlasted = memo.outlasted || holdsBack
  return waitFor(view, goal.limits.pollMs, because, { ...memo, waitingSince: memo.waitingSince ?? now, outlasted })
}

/** Our own tombstones on the new owner, from when it was the old one, would eat the ticks that it is about to run. */
const sweep: Rule = ({ from, to, owner, intent, memo, cursor }) => {
  if (to.kind !== 'seen') return null
  const left = orphans(memo, from.kind === 'seen' ? from.value.schedule : null).map((tick) => tick - 1)
  const after = Math.min(cursor, ...left)
  return to.value.schedule.fenced.some((tick) => tick > after)
    ? act({ kind: 'unfence', side: owner, intent, after }, memo)
    : null
}

/** How long before its deadline a held-up tick is started by hand instead of being left to the catch-up. */
const deadlineMarginMs = 1_000

const startsByHand = (tick: Millis, deadlineMs: Millis | null, clock: Millis): boolean =>
  deadlineMs !== null &&
  clock <= tick + deadlineMs &&
  clock + Math.min(deadlineMarginMs, deadlineMs / 2) > tick + deadlineMs

const missedRuns: Rule = (view) => {
  const { from, to, owner, intent, memo, goal, cursor, clock, now } = view
  if (to.kind !== 'seen') return null
  const old = from.kind === 'seen' ? from.value.schedule : null
  const due = dueTicks(to.value.ticks, cursor, clock)
  const newest = due.at(-1)
  // One after the other, runs that take longer than it is to the next tick never catch up: then the rest is let go.
  const inTurns = to.value.schedule.concurrency !== 'Allow'
  const isMore = memo.dueAtFirst !== null && due.length > memo.dueAtFirst
  const fallsBehind = inTurns && (memo.outlasted || isMore)
  const all = goal.missed === 'all' && due.length > 1 && !fallsBehind ? due : []
  const late = newest !== undefined && startsByHand(newest, to.value.schedule.deadlineMs, clock) ? [newest] : []
  const tick = [...orphans(memo, old), ...all, ...late][0]
  if (tick === undefined) return null
  if (inTurns && to.value.schedule.active.length > 0) {
    const period = periodAround(to.value.ticks, cursor, clock)
    const isLong = memo.byHandAt !== null && period !== null && now - memo.byHandAt >= period
    const because = `missed ticks run one after the other on ${owner}`
    return waitFor(view, goal.limits.pollMs, because, { ...memo, outlasted: memo.outlasted || isLong })
  }
  // The cursor follows this run past what is older: the policy lets that go.
  const letGo = due.filter((older) => older < tick && !isDealtWith(memo, older))
  const run = {
    ...memo,
    dueAtFirst: memo.dueAtFirst ?? due.length,
    byHandAt: now,
    skipped: [...memo.skipped, ...letGo],
  }
  return act({ kind: 'run', side: owner, intent, tick }, run)
}

const takeOver: Rule = (view) => {
  const { from, to, owner, intent, memo, goal, cursor, clock, now, world } = view
  if (to.kind !== 'seen') return null
  const due = dueTicks(to.value.ticks, cursor, clock)
  // A tick left to the catch-up would wait behind that run, and be lost to the next tick. What we ran by hand carries
  // our tombstone on the other side: so it is known even to an attempt that follows another intent, or engine.
  const tombstones = from.kind === 'seen' ? from.value.schedule.fenced : []
  const ours = to.value.schedule.active.find(
    ({ tick }) => tick !== null && (memo.byHand.includes(tick) || tombstones.includes(tick)),
  )
  if (due.length > 0 && ours !== undefined && to.value.schedule.concurrency !== 'Allow')
    return waitFor(view, goal.limits.pollMs, `a missed tick runs when ${ours.name} has ended on ${owner}`)
  const skipsAll = goal.missed === 'skip' && due.length > 1
  const target = skipsAll ? (due.at(-1) ?? cursor) : cursor
  const letGo = skipsAll ? due : goal.missed === 'all' ? due.slice(0, -1) : []
  const skipped = [...memo.skipped, ...letGo.filter((tick) => !memo.skipped.includes(tick))]
  if (to.value.schedule.cursor !== target) {
    return act({ kind: 'set cursor', side: owner, intent, cursor: target }, { ...memo, skipped })
  }
  return act(
    { kind: 'resume', side: owner, intent },
    {
      ...memo,
      cursor: target,
      ahead: ticksToFence(to.value.ticks, target, clock, world.horizonMs),
      waitedMs: memo.waitedMs + (memo.waitingSince === null ? 0 : now - memo.waitingSince),
      waitingSince: null,
      mayRunTwice: from.kind === 'seen' ? [] : due,
    },
  )
}

const rules: readonly Rule[] = [
  superseded,
  missing,
  staysSuspended,
  ownerUnreachable,
  oldUnreachable,
  forwardPreflight,
  stamps,
  arrived,
  pause,
  pauseCap,
  fences,
  barrier,
  runsEnd,
  sweep,
  missedRuns,
  takeOver,
]

/**
 * Hands a schedule to `goal.owner`, so that each tick runs on exactly one side. Level-triggered: it looks at both
 * schedules and says the one next thing, so it can be stopped anywhere and begun again; "neither side active" never
 * runs a tick twice. Which rule stands before which is the proof; see the design's protocol, steps 0 to 10.
 */
export const handoff: Protocol<HandoffWorld, HandoffGoal, HandoffAction, HandoffMemo> = (world, goal, memo, now) => {
  const view = look(world, goal, memo, now)
  for (const rule of rules) {
    const step = rule(view)
    if (step !== null) return step
  }
  return { kind: 'read again', memo: view.memo }
}
