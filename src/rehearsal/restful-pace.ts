import type { Pace } from '../engine/engine.ts'
import type { ScheduleDefinition } from '../inventory/estate.ts'
import type { Millis } from '../moves/goal.ts'
import type { Plan } from '../plan/plan.ts'
import type { SimulatedService } from './simulated-world.ts'
import type { Timetable } from './timetable.ts'

/** So many samples of what moves for one of what has settled. */
const samplesPerSettled = 60
/** Runs are looked for so often between two ticks. */
const looksPerTick = 5
const leastLedgerMs: Millis = 1_000
const mostLedgerMs: Millis = 60_000

const hasConditions = ({ moves }: Plan): boolean =>
  Object.values(moves).some(({ steps }) =>
    steps.some(({ before, after }) => [...before, ...after].some(({ kind }) => kind === 'condition')),
  )

/** The time between the next two ticks of the schedule that is due most often. */
const shortestPeriod = (timetables: readonly Timetable[], from: Millis): Millis =>
  timetables.reduce((least, { next }) => {
    const first = next(from)
    const second = first === null ? null : next(first)
    return first === null || second === null ? least : Math.min(least, second - first)
  }, Number.POSITIVE_INFINITY)

/**
 * How often an engine need look in a world in which everything that changes is told, and nobody acts unseen: so rarely
 * that idle hours cost nothing, and as often as what moves needs it.
 */
export const restfulPace = (
  plan: Plan,
  services: readonly SimulatedService[],
  timetableOf: (schedule: ScheduleDefinition) => Timetable,
  from: Millis,
): Pace & { readonly settledMs: Millis } => {
  const timetables = services.flatMap(({ definition: { schedule } }) =>
    schedule === null || schedule.suspended ? [] : [timetableOf(schedule)],
  )
  const intervalMs = Math.min(60_000, ...Object.values(plan.moves).map(({ policy }) => policy.judge.intervalMs))
  return {
    turnMs: hasConditions(plan) ? 60_000 : 600_000,
    claimsMs: 3_600_000,
    ledgerMs: Math.max(leastLedgerMs, Math.min(mostLedgerMs, shortestPeriod(timetables, from) / looksPerTick)),
    settledMs: samplesPerSettled * intervalMs,
  }
}
