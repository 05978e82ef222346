import type { Fence, Goal, IntentId, Json, Millis, Side } from '../moves/goal.ts'
import type { MissedRuns } from '../plan/policy.ts'
import { type Attempt, drive } from '../protocols/drive.ts'
import { handoff } from '../protocols/handoff.ts'
import { handBackAfterRefusal, rememberHandoff } from '../protocols/handoff-memory.ts'
import {
  defaultHandoffLimits,
  emptyHandoffMemo,
  type HandoffGoal,
  type HandoffLimits,
} from '../protocols/handoff-world.ts'
import { type ProvisionGoal, provision } from '../protocols/provision.ts'
import type { Reached } from '../protocols/reached.ts'
import { emptyShiftMemo, type ShiftGoal, shift } from '../protocols/shift.ts'
import { emptyWeightsMemo, type WeightsGoal, weights } from '../protocols/weights.ts'
import type { Clock } from './clock.ts'
import { clockChangeNear } from './clock-change.ts'
import { actHandoff, type HandoffReading, readHandoffWorld } from './handoff-binding.ts'
import type { Schedules, Traffic, Workloads } from './ports.ts'
import {
  actProvision,
  actShift,
  actWeights,
  readProvisionWorld,
  readShiftWorld,
  readWeightsWorld,
} from './workload-binding.ts'

export type SidePorts = { readonly workloads: Workloads; readonly schedules: Schedules }

/** What the plan, the journal and people know of a service, and the world can't tell. */
export type ServiceFacts = {
  readonly hasSchedule: boolean
  /** Its schedule was suspended on blue before the release, and stays so. */
  readonly suspended: boolean
  readonly missed: MissedRuns
  readonly assumeDead: Side | null
  /** The newest tick of the ledger that ran anywhere; null: none is known. */
  readonly knownRun: Millis | null
  /** What is written on the objects beside the stamp: the fields as they were before. */
  readonly baseline: Readonly<Record<Side, Json>>
}

export type CarryOut = {
  readonly service: string
  readonly blue: SidePorts
  readonly green: SidePorts
  readonly traffic: Traffic
  readonly intent: IntentId
  readonly fence: Fence
  /** No call begins at or after it. */
  readonly actUntil: Millis
  readonly facts: ServiceFacts
  readonly clock: Pick<Clock, 'now' | 'sleep' | 'after'>
  /** Something goes back: its acts go before those that go forward, where a provider has a queue. */
  readonly urgent?: boolean
  /** Ends the attempt where it stands: a newer intent, or the end of the program. */
  readonly signal: AbortSignal
  readonly limits?: Partial<HandoffLimits>
  /** From the `waiting` of an earlier attempt at the same intent. May be left out. */
  readonly memo?: unknown
}

/** Goals that are carried out by protocols; data has one of its own, tests are run elsewhere. */
export type ProtocolGoal = Extract<Goal, { readonly kind: 'provision' | 'workload' | 'schedule' | 'weights' }>

/** A wait that is longer than this ends the attempt, so that its slot is free. */
const patienceMs = 2_000
const pollMs = 50
const retryMs = 5_000

/**
 * One attempt at a goal, by the protocol of its kind: the way that the runner, break-glass, the rehearsal and tests
 * act on the world. Repeat it after `waiting` (at `until`) and after `unknown`; it goes on from what the world shows.
 */
export const carryOut = (goal: ProtocolGoal, context: CarryOut): Promise<Attempt<unknown>> => {
  switch (goal.kind) {
    case 'schedule':
      return carryOutHandoff(goal.owner, context)
    case 'workload':
      return carryOutShift(goal, context)
    case 'provision':
      return carryOutProvision(context)
    case 'weights':
      return carryOutWeights(goal.green, context)
    default:
      return goal satisfies never
  }
}

const loopOf = ({ clock, signal, actUntil }: CarryOut) => ({
  now: clock.now,
  sleep: clock.sleep,
  signal,
  actUntil,
  patienceMs,
})

const actingOf = ({ service, fence, intent, facts, urgent = false }: CarryOut) => ({
  service,
  fence,
  intent,
  baseline: facts.baseline,
  urgent,
})

const carryOutHandoff = (owner: Side, context: CarryOut): Promise<Attempt<unknown>> => {
  const { service, fence, intent, facts, clock } = context
  const ports = { blue: context.blue.schedules, green: context.green.schedules }
  const goal: HandoffGoal = {
    kind: 'schedule',
    owner,
    intent,
    fence,
    suspended: facts.suspended,
    missed: facts.missed,
    assumeDead: facts.assumeDead,
    knownRun: facts.knownRun,
    limits: { ...defaultHandoffLimits, ...context.limits },
  }
  /** Answered once an attempt: it lasts seconds, and the calendar is slow. Only a schedule that runs is asked about. */
  let change: Reached<string | null> = { kind: 'not asked' }
  const reading: HandoffReading = {
    service,
    now: clock.now,
    knownRun: facts.knownRun,
    clockChange: async (seen, ticks) => {
      if (owner === 'blue' || seen.suspended) return { kind: 'seen', value: null }
      if (change.kind !== 'seen') change = await clockChangeNear(seen.zone, ticks, seen.now)
      return change
    },
  }
  return drive({
    ...loopOf(context),
    protocol: handoff,
    goal,
    memo: isHandoffMemo(context.memo) ? context.memo : emptyHandoffMemo,
    read: (signal) => readHandoffWorld(ports, reading, { clock, signal }),
    act: (action, world, signal) => actHandoff(ports, actingOf(context), action, world, { clock, signal }),
    remember: rememberHandoff,
    afterRefusal: (memo, _action, because) => handBackAfterRefusal(goal, memo, because),
  })
}

/** A memo is only ever what an earlier attempt of the same kind gave; anything else is as good as none. */
const isHandoffMemo = (memo: unknown): memo is typeof emptyHandoffMemo =>
  typeof memo === 'object' && memo !== null && 'mayRunTwice' in memo

const carryOutShift = (
  wanted: Extract<Goal, { readonly kind: 'workload' }>,
  context: CarryOut,
): Promise<Attempt<unknown>> => {
  const { service, fence, intent, facts, clock } = context
  const ports = { blue: context.blue.workloads, green: context.green.workloads }
  const goal: ShiftGoal = { ...wanted, intent, fence, assumeDead: facts.assumeDead, pollMs, retryMs }
  return drive({
    ...loopOf(context),
    protocol: shift,
    goal,
    memo: emptyShiftMemo,
    read: (signal) => readShiftWorld(ports, service, goal, { clock, signal }),
    act: (action, world, signal) => actShift(ports, actingOf(context), action, world, { clock, signal }),
  })
}

const carryOutProvision = (context: CarryOut): Promise<Attempt<unknown>> => {
  const { service, fence, intent, facts, green, clock } = context
  const ports = { workloads: green.workloads, schedules: facts.hasSchedule ? green.schedules : null }
  const goal: ProvisionGoal = { kind: 'provision', intent, fence, pollMs, retryMs }
  return drive({
    ...loopOf(context),
    protocol: provision,
    goal,
    memo: null,
    read: (signal) => readProvisionWorld(ports, service, { clock, signal }),
    act: (action, world, signal) => actProvision(ports, actingOf(context), action, world, { clock, signal }),
  })
}

const carryOutWeights = (wanted: number, context: CarryOut): Promise<Attempt<unknown>> => {
  const { service, fence, intent, traffic, green, clock } = context
  const goal: WeightsGoal = { kind: 'weights', green: wanted, intent, fence, pollMs, retryMs }
  return drive({
    ...loopOf(context),
    protocol: weights,
    goal,
    memo: isWeightsMemo(context.memo) ? context.memo : emptyWeightsMemo,
    read: (signal) => readWeightsWorld(traffic, green.workloads, service, goal, { clock, signal }),
    act: (action, world, signal) => actWeights(traffic, actingOf(context), action, world, { clock, signal }),
  })
}

const isWeightsMemo = (memo: unknown): memo is typeof emptyWeightsMemo =>
  typeof memo === 'object' && memo !== null && 'before' in memo && 'startedAt' in memo
