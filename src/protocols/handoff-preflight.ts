import { type Millis, otherSide } from '../moves/goal.ts'
import { dueTicks, periodAround } from './handoff-cursor.ts'
import type {
  HandoffGoal,
  HandoffLimits,
  HandoffMemo,
  HandoffWorld,
  ScheduleFacts,
  ScheduleOnSide,
} from './handoff-world.ts'

export type Preflight =
  | { readonly kind: 'go' }
  | { readonly kind: 'refused'; readonly because: string }
  | { readonly kind: 'wait'; readonly until: Millis; readonly because: string; readonly memo?: HandoffMemo }

export type PreflightInput = {
  readonly world: HandoffWorld
  readonly goal: HandoffGoal
  readonly memo: HandoffMemo
  readonly from: ScheduleOnSide
  readonly to: ScheduleOnSide
  readonly cursor: Millis
  readonly clock: Millis
  readonly now: Millis
}

const go: Preflight = { kind: 'go' }

const shown = (at: Millis | undefined): string => (at === undefined ? 'none' : new Date(at).toISOString())

/** What isn't known for sure can't be given over exactly once. */
const ticksAreKnown = ({ from, to, goal }: PreflightInput): Preflight => {
  const [old, owner] = [from.schedule.unsure, to.schedule.unsure]
  if (old !== null) return { kind: 'refused', because: `the ticks on ${otherSide(goal.owner)} are not known: ${old}` }
  return owner === null ? go : { kind: 'refused', because: `the ticks on ${goal.owner} are not known: ${owner}` }
}

/** Both sides must compute the same ticks: expressions and zones may be written differently. */
const sameDefinition = ({ from, to, goal }: PreflightInput): Preflight => {
  const old = otherSide(goal.owner)
  const at = from.ticks.findIndex((tick, index) => tick !== to.ticks[index])
  const differ = at !== -1 ? at : to.ticks.length > from.ticks.length ? from.ticks.length : -1
  if (differ !== -1) {
    const [ours, theirs] = [shown(from.ticks[differ]), shown(to.ticks[differ])]
    return {
      kind: 'refused',
      because: `the schedules differ: tick ${ours} on ${old} is ${theirs} on ${goal.owner}; make cron and zone the same`,
    }
  }
  if (from.schedule.concurrency !== to.schedule.concurrency) {
    return {
      kind: 'refused',
      because: `the concurrency policies differ: ${from.schedule.concurrency} on ${old}, ${to.schedule.concurrency} on ${goal.owner}; make them the same`,
    }
  }
  if (from.schedule.deadlineMs !== to.schedule.deadlineMs) {
    return {
      kind: 'refused',
      because: `the starting deadlines differ: ${from.schedule.deadlineMs ?? 'none'} ms on ${old}, ${to.schedule.deadlineMs ?? 'none'} ms on ${goal.owner}; make them the same`,
    }
  }
  return go
}

const clocksAgree = ({ from, to, goal, now }: PreflightInput): Preflight => {
  const skew = Math.abs(from.schedule.now - to.schedule.now)
  if (skew <= goal.limits.maxSkewMs) return go
  return {
    kind: 'wait',
    until: now + goal.limits.retryMs,
    because: `the clocks of blue and green are ${skew} ms apart, at most ${goal.limits.maxSkewMs} ms are allowed; set the clocks`,
  }
}

const clocksDoNotChange = ({ world }: PreflightInput): Preflight =>
  world.clockChange === null ? go : { kind: 'refused', because: world.clockChange }

/** How far from a tick it starts: under `Forbid` the time between the end of a run and the next tick may be short. */
const quietOf = ({ concurrency }: ScheduleFacts, period: Millis, { quietMs }: HandoffLimits): Millis =>
  Math.min(quietMs, period / (concurrency === 'Forbid' ? 20 : 4))

/** How long an attempt itself watches for the end of a `Forbid` run, before it gives its slot free. */
const watchMs = 1_500

/**
 * A `Forbid` run ends before the pause, unless the next tick already waits behind it: then there is no better time.
 * Where every run lasts longer than it is to the next tick there is no other, so it is looked at right after each tick.
 */
const noLongRun = ({ from, goal, memo, cursor, clock, now }: PreflightInput): Preflight => {
  const run = from.schedule.active[0]
  if (from.schedule.concurrency !== 'Forbid' || run === undefined) return go
  if (dueTicks(from.ticks, cursor, clock).length > 0) return go
  const because = `run ${run.name} still goes on ${otherSide(goal.owner)}, and its policy is Forbid`
  // Looking again only at long intervals could meet a running one for ever.
  const watchedFrom = memo.heldSince ?? now
  const heldSince = now < watchedFrom + watchMs ? watchedFrom : now + goal.limits.retryMs
  const wait = (until: Millis): Preflight => ({ kind: 'wait', until, because, memo: { ...memo, heldSince } })
  if (now >= heldSince) return wait(now + goal.limits.pollMs)
  const next = from.ticks.find((tick) => tick > clock)
  const period = periodAround(from.ticks, cursor, clock)
  if (next === undefined || period === null) return wait(heldSince)
  return wait(Math.min(heldSince, now + Math.ceil(next + quietOf(from.schedule, period, goal.limits) - clock)))
}

/** Two waits of at most a quarter of the period each always reach a quiet moment; more than that is bad luck. */
const quietWaitsPerPeriod = 2

const quietMoment = ({ from, goal, memo, cursor, clock, now }: PreflightInput): Preflight => {
  const period = periodAround(from.ticks, cursor, clock)
  const next = from.ticks.find((tick) => tick > clock)
  if (period === null || next === undefined) return go
  const quiet = quietOf(from.schedule, period, goal.limits)
  if (memo.quietSince !== null && now - memo.quietSince > quietWaitsPerPeriod * period) return go
  const last = next - period
  const begins = clock < last + quiet ? last + quiet : clock > next - quiet ? next + quiet : clock
  if (begins === clock) return go
  return {
    kind: 'wait',
    until: now + Math.ceil(begins - clock),
    because: `the tick ${shown(clock < last + quiet ? last : next)} is too near; the handoff starts after it`,
  }
}

const checks: readonly ((input: PreflightInput) => Preflight)[] = [
  ticksAreKnown,
  sameDefinition,
  clocksDoNotChange,
  clocksAgree,
  noLongRun,
  quietMoment,
]

/** What must hold before anything is touched on the way forward. Going back asks none of it. */
export const preflight = (input: PreflightInput): Preflight => {
  for (const check of checks) {
    const answer = check(input)
    if (answer.kind !== 'go') return answer
  }
  return go
}
