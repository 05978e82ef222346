import { enoughReady } from '../moves/facts.ts'
import { type Fence, type IntentId, type Json, type Millis, otherSide, type Side, sides } from '../moves/goal.ts'
import { type Numbered, nextOrdinal } from './one-ordinal.ts'
import type { Next, Protocol } from './protocol.ts'
import { isMark, isNewer, type Mark, type Reached, why } from './reached.ts'

/** What a shift needs to know of a workload; the ports' `WorkloadSeen` is one. */
export type WorkloadFacts = {
  readonly desired: number
  readonly autoscaled?: { readonly least: number; readonly held: boolean }
  readonly ordinals?: true
  readonly ready: number
  readonly running: number
  readonly problem: string | null
  readonly revision: string
  readonly stamp: Mark | null
}

export type ShiftWorld = { readonly blue: Reached<WorkloadFacts>; readonly green: Reached<WorkloadFacts> }

export type ShiftGoal = {
  readonly kind: 'workload'
  readonly blue: number
  readonly green: number
  readonly exclusive: boolean
  readonly intent: IntentId
  readonly fence: Fence
  /** A side that a person declared dead: an exclusive service starts on the other one without its answer. */
  readonly assumeDead: Side | null
  readonly pollMs: Millis
  readonly retryMs: Millis
}

export type ShiftAction = { readonly kind: 'scale'; readonly side: Side; readonly replicas: number }

export type ShiftMemo = {
  readonly startedAt: Millis | null
  readonly before: Readonly<Record<Side, number | null>> | null
  /** When the growing side had all its replicas ready. */
  readonly readyAt: Millis | null
}

export const emptyShiftMemo: ShiftMemo = { startedAt: null, before: null, readyAt: null }

type Step = Next<ShiftAction, ShiftMemo>
type View = {
  readonly world: ShiftWorld
  readonly goal: ShiftGoal
  readonly memo: ShiftMemo
  readonly now: Millis
}

/** Going back to blue: green gets nothing any more. Then green's answer must never be waited for. */
export const goesBack = (goal: Pick<ShiftGoal, 'blue' | 'green'>): boolean => goal.green === 0 && goal.blue > 0

const scale = (view: View, side: Side): Step => ({
  kind: 'act',
  action: { kind: 'scale', side, replicas: view.goal[side] },
  memo: view.memo,
})

const later = (view: View, ms: Millis, because: string): Step => ({
  kind: 'wait',
  until: view.now + ms,
  because,
  memo: view.memo,
})

/** What takes long may be seen a little later: both sides are read each time, and very many may be under way at once. */
const longestPollMs: Millis = 1_000
const pollMs = ({ goal, memo, now }: View): Millis =>
  Math.max(goal.pollMs, Math.min(longestPollMs, Math.round((now - (memo.startedAt ?? now)) / 5)))

const remembered = (world: ShiftWorld, memo: ShiftMemo, now: Millis): ShiftMemo => {
  const desired = (side: Reached<WorkloadFacts>) => (side.kind === 'seen' ? side.value.desired : null)
  return {
    ...memo,
    startedAt: memo.startedAt ?? now,
    before: memo.before ?? { blue: desired(world.blue), green: desired(world.green) },
  }
}

/** Has as many as it should, all ready (under an autoscaler, its minimum); surplus ones may still drain. */
const isUp = (seen: WorkloadFacts, wanted: number): boolean =>
  seen.desired === wanted && seen.ready >= Math.min(wanted, enoughReady(seen))
/** It goes back, and blue carries everything: nothing depends on green's answer any more. */
const isBack = ({ world: { blue }, goal }: View): boolean =>
  goesBack(goal) && blue.kind === 'seen' && isUp(blue.value, goal.blue)
const isDown = (seen: WorkloadFacts, wanted: number): boolean => seen.desired === wanted && seen.running <= wanted

/**
 * Whether a side that is right already must be written all the same. A call of an earlier intent may still be under way,
 * and lands unless the side has seen this one; so nothing else may rest on it before. A side that this release never
 * wrote is left alone on the way forward.
 */
const needsMark = ({ goal }: View, { stamp }: WorkloadFacts): boolean =>
  !isMark(stamp, goal.fence, goal.intent) && (goesBack(goal) || stamp?.fence.release === goal.fence.release)

/** An autoscaler may go below what the release counts on until its minimum is held, which is a write as any other. */
const isHeld = ({ autoscaled }: WorkloadFacts, wanted: number): boolean => wanted === 0 || autoscaled?.held !== false

/** Scales a side up to its goal and waits until it is ready; null: it is. */
const grow = (view: View, side: Side): Step | null => {
  const reached = view.world[side]
  const wanted = view.goal[side]
  if (reached.kind !== 'seen') return later(view, view.goal.retryMs, `${side} can't take over: ${why(reached)}`)
  const { value } = reached
  if (value.desired !== wanted || !isHeld(value, wanted) || needsMark(view, value)) return scale(view, side)
  if (isUp(value, wanted)) return null
  const problem = value.problem === null ? '' : `: ${value.problem}`
  const enough = Math.min(wanted, enoughReady(value))
  return later(view, pollMs(view), `${value.ready} of ${enough} replicas are ready on ${side}${problem}`)
}

/** Scales a side down to its goal and waits until the surplus has drained; null: it has. */
const shrink = (view: View, side: Side): Step | null => {
  const reached = view.world[side]
  const wanted = view.goal[side]
  if (reached.kind !== 'seen') {
    if (side === 'green' && goesBack(view.goal)) return null
    return later(view, view.goal.retryMs, `${side} can't be asked to drain: ${why(reached)}`)
  }
  const { value } = reached
  if (value.desired !== wanted || needsMark(view, value)) return scale(view, side)
  if (isDown(value, wanted)) return null
  return later(view, pollMs(view), `${value.running - wanted} surplus replicas still finish their work on ${side}`)
}

/** Stops one side, proven by no process left, before the other starts. Stamps it even when it is down already, so that no late start lands. */
const stopFirst = (view: View, side: Side): Step | null => {
  const reached = view.world[side]
  const { goal } = view
  // Green says that it has no such service, and the copy on blue runs as it always did: nothing has to be started.
  if (reached.kind === 'absent' && side === 'green' && isBack(view)) return null
  if (reached.kind !== 'seen') {
    if (goal.assumeDead === side) return null
    const because =
      `${side} can't confirm that its copy has stopped (${why(reached)}), and only one may run; ` +
      `--assume-dead ${side} starts the other all the same`
    return later(view, goal.retryMs, because)
  }
  if (!isMark(reached.value.stamp, goal.fence, goal.intent)) return scale(view, side)
  return shrink(view, side)
}

/** Whether a side has to be up before the other may shrink: it has too few, or just enough that may not be ready yet. */
const mustBeUp = ({ world, goal }: View, side: Side): boolean => {
  const reached = world[side]
  if (side === 'green' && goesBack(goal)) return false
  return reached.kind === 'seen' ? reached.value.desired <= goal[side] : goal[side] > 0
}

const resultOf = ({ world, goal, memo, now }: View): Json => ({
  before: memo.before === null ? null : { blue: memo.before.blue, green: memo.before.green },
  after: { blue: goal.blue, green: goal.green },
  readyMs: memo.readyAt === null || memo.startedAt === null ? null : memo.readyAt - memo.startedAt,
  totalMs: memo.startedAt === null ? null : now - memo.startedAt,
  note: world.green.kind === 'seen' ? null : `green was not scaled down: ${why(world.green)}`,
})

const exclusively = (view: View): Step | null => {
  const { goal } = view
  if (goal.blue > 0 && goal.green > 0) {
    const because = `only one side may run, but ${goal.blue} replicas are wanted on blue and ${goal.green} on green`
    return { kind: 'refused', because }
  }
  const starts: Side = goal.green > 0 ? 'green' : 'blue'
  return stopFirst(view, otherSide(starts)) ?? grow(view, starts)
}

const overlapping = (view: View): Step | null => {
  const order: readonly Side[] = goesBack(view.goal) ? ['blue', 'green'] : ['green', 'blue']
  for (const side of order) {
    const step = mustBeUp(view, side) ? grow(view, side) : null
    if (step !== null) return step
  }
  const up = { ...view, memo: { ...view.memo, readyAt: view.memo.readyAt ?? view.now } }
  if (view.world.green.kind === 'not asked') return { kind: 'read again', memo: up.memo }
  for (const side of order) {
    const step = shrink(up, side)
    if (step !== null) return step
  }
  return null
}

const noReplicas: Numbered = { desired: 0, held: 0, isUp: true }

/** The numbers that a side has; null: it can't tell, and nobody has declared it dead. */
const numberedOf = ({ world, goal }: View, side: Side): Numbered | null => {
  const reached = world[side]
  if (reached.kind !== 'seen') return reached.kind === 'absent' || goal.assumeDead === side ? noReplicas : null
  const { value } = reached
  const isReady = value.ready >= enoughReady(value)
  return { desired: value.desired, held: Math.max(value.desired, value.running), isUp: isReady }
}

/** Replicas with numbers, of which none may run on both sides: the one side gives before the other takes, so both are asked. */
const byOrdinal = (view: View): Step | null => {
  const { world, goal, memo } = view
  if (world.green.kind === 'not asked') return { kind: 'read again', memo }
  const [blue, green] = [numberedOf(view, 'blue'), numberedOf(view, 'green')]
  if (blue === null || green === null) {
    const side = blue === null ? 'blue' : 'green'
    const because = `${side} can't say which of its numbered replicas run (${why(world[side])}), and none may run on both sides; --assume-dead ${side} starts them all the same`
    return later(view, goal.retryMs, because)
  }
  for (const side of sides) {
    const reached = world[side]
    if (reached.kind !== 'seen') continue
    const { value } = reached
    // As it is: what is marked first can't be changed by a late call of an earlier intent.
    if (needsMark(view, value) || !isHeld(value, value.desired))
      return { kind: 'act', action: { kind: 'scale', side, replicas: value.desired }, memo }
  }
  const step = nextOrdinal({ blue, green }, goal)
  if (step === null) {
    const draining = sides.find((side) => ({ blue, green })[side].held > goal[side])
    return draining === undefined
      ? null
      : later(view, pollMs(view), `surplus replicas still finish their work on ${draining}`)
  }
  return step.kind === 'wait' ? later(view, pollMs(view), step.because) : { kind: 'act', action: step, memo }
}

const hasOrdinals = ({ blue, green }: ShiftWorld): boolean =>
  [blue, green].some((side) => side.kind === 'seen' && side.value.ordinals === true)

/**
 * Moves a worker's (or any workload's) replicas: the side that grows is ready before the other shrinks, and the shift
 * is done when the surplus has drained. Numbered ones go one at a time, the giving side first. `exclusive`: the other way round, stop then start. What holds already is only
 * marked, and not even that where the release never wrote it and goes forward. Going back to blue asks green last, and
 * does not need its answer.
 */
export const shift: Protocol<ShiftWorld, ShiftGoal, ShiftAction, ShiftMemo> = (world, goal, memo, now) => {
  const view: View = { world, goal, memo: remembered(world, memo, now), now }
  for (const side of [world.blue, world.green]) {
    if (side.kind === 'seen' && isNewer(side.value.stamp, goal.fence)) {
      return { kind: 'refused', because: `a newer intent, ${side.value.stamp?.intent}, has taken the workload over` }
    }
  }
  const overlap = hasOrdinals(world) && !isBack(view) ? byOrdinal : overlapping
  const step = goal.exclusive ? exclusively(view) : overlap(view)
  if (step !== null) return step
  return { kind: 'done', result: resultOf({ ...view, memo: { ...view.memo, readyAt: view.memo.readyAt ?? now } }) }
}
