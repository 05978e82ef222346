import type { ConcurrencyPolicy } from '../inventory/estate.ts'
import type { Millis, Side } from '../moves/goal.ts'
import { sides } from '../moves/goal.ts'
import type { MissedRuns } from '../plan/policy.ts'
import type { ScheduleTruth, SimulatedScheduler } from './simulated-schedules.ts'
import type { Timetable } from './timetable.ts'

export type TickCount = {
  readonly ticks: number
  readonly duplicates: readonly Millis[]
  /** Neither ran nor let go by policy. */
  readonly misses: readonly Millis[]
  /** Let go by the missed-run policy: a later tick passed too while neither side was active. */
  readonly skipped: readonly Millis[]
  /** Pairs of runs on two sides at one moment, where the policy forbids it. */
  readonly overlaps: number
}

export type TicksOf = {
  readonly service: string
  readonly truths: Readonly<Record<Side, ScheduleTruth>>
  readonly timetable: Timetable
  readonly missed: MissedRuns
  readonly concurrency: ConcurrencyPolicy
  readonly deadlineMs: Millis | null
  /** How much later than a change the schedulers may still act on what was before it. */
  readonly lagMs: Millis
}

/** One stale pass begun before a change, and one after it. */
export const schedulerLag = ({ passMs, stale }: SimulatedScheduler): Millis => 2 * (passMs + stale.forMs) + 50

type Gap = { readonly from: Millis; readonly until: Millis }

/** When neither side was active, widened by what a scheduler may lag. */
const gapsWithoutOwner = ({ service, truths, lagMs }: TicksOf, end: Millis): readonly Gap[] => {
  const changes = sides
    .flatMap((side) => truths[side].changes.map((change) => ({ ...change, side })))
    .filter((change) => change.service === service)
    .sort((a, b) => a.at - b.at)
  const active = { blue: false, green: false }
  const gaps: Gap[] = []
  let since: Millis | null = null
  for (const change of changes) {
    active[change.side] = change.active
    const nobody = !active.blue && !active.green
    if (nobody && since === null) since = change.at
    if (!nobody && since !== null) {
      const last = gaps.at(-1)
      // A side that was active for a moment only may have run nothing in it: then it is one gap.
      const isOne = last !== undefined && since - lagMs <= last.until
      if (isOne) gaps.pop()
      gaps.push({ from: isOne ? last.from : since - lagMs, until: change.at + lagMs })
      since = null
    }
  }
  if (since !== null) gaps.push({ from: since - lagMs, until: end })
  return gaps
}

/** Every tick after `from` up to `until`, counted by the runs themselves. */
export const countTicks = (of: TicksOf, from: Millis, until: Millis): TickCount => {
  const { service, truths, timetable, missed, deadlineMs } = of
  const runsOf = (side: Side) => truths[side].runs().filter((run) => run.service === service)
  const [blue, green] = [runsOf('blue'), runsOf('green')]
  const perTick = Map.groupBy([...blue, ...green], (run) => run.tick)
  const ticks = timetable.between(from, until)
  const missing = ticks.filter((tick) => !perTick.has(tick))
  const gaps = missing.length === 0 ? [] : gapsWithoutOwner(of, until)
  const previous = (tick: Millis): Millis | null => timetable.between(from, tick - 1).at(-1) ?? null
  const following = (tick: Millis): Millis => timetable.next(tick) ?? Number.POSITIVE_INFINITY
  /** Until when `Forbid` holds a tick back; a tick that nothing holds back is due when it is. */
  const heldUntil = (tick: Millis): Millis => {
    if (of.concurrency !== 'Forbid') return tick
    const ends = [...blue, ...green].flatMap(({ startedAt, endedAt }) => {
      const end = endedAt ?? Number.POSITIVE_INFINITY
      return startedAt <= tick + of.lagMs && end > tick ? [end] : []
    })
    return Math.max(tick, ...ends)
  }
  /** `skip` lets all ticks of a gap go that holds more than one, the other policies all but its last. */
  const isLetGo = (tick: Millis) => {
    const due = heldUntil(tick)
    // Only the newest tick waits behind a run: the next one took its place.
    if (due > tick && due + of.lagMs >= following(tick)) return true
    if (due > tick && deadlineMs !== null && due + of.lagMs > tick + deadlineMs) return true
    return gaps.some((gap) => {
      if (due <= gap.from || tick > gap.until) return false
      if (deadlineMs !== null && gap.until > tick + deadlineMs) return true
      const before = previous(tick)
      return following(tick) <= gap.until || (missed === 'skip' && before !== null && heldUntil(before) > gap.from)
    })
  }
  const overlaps = blue.filter((a) =>
    green.some((b) => a.startedAt < (b.endedAt ?? Infinity) && b.startedAt < (a.endedAt ?? Infinity)),
  )
  return {
    ticks: ticks.length,
    duplicates: ticks.filter((tick) => (perTick.get(tick)?.length ?? 0) > 1),
    misses: missing.filter((tick) => !isLetGo(tick)),
    skipped: missing.filter(isLetGo),
    overlaps: of.concurrency === 'Allow' ? 0 : overlaps.length,
  }
}
