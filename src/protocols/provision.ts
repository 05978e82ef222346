import type { Fence, IntentId, Millis } from '../moves/goal.ts'
import type { Protocol } from './protocol.ts'
import { isMark, isNewer, type Reached, why } from './reached.ts'
import type { WorkloadFacts } from './shift.ts'

export type ProvisionWorld = {
  readonly green: Reached<WorkloadFacts>
  /** null: the service has no schedule. */
  readonly schedule: Reached<{ readonly suspended: boolean }> | null
}

export type ProvisionGoal = {
  readonly kind: 'provision'
  readonly intent: IntentId
  readonly fence: Fence
  readonly pollMs: Millis
  readonly retryMs: Millis
}

export type ProvisionAction = { readonly kind: 'provision' } | { readonly kind: 'sleep' }

/** Green's copy exists, asleep and stamped. What others started there is never stopped: it is refused, and said. */
export const provision: Protocol<ProvisionWorld, ProvisionGoal, ProvisionAction, null> = (world, goal, memo, now) => {
  const { green, schedule } = world
  const later = (ms: Millis, because: string) => ({ kind: 'wait', until: now + ms, because, memo }) as const
  if (green.kind === 'absent') return { kind: 'act', action: { kind: 'provision' }, memo }
  if (green.kind !== 'seen') return later(goal.retryMs, `green can't be reached: ${why(green)}`)
  if (schedule !== null && schedule.kind !== 'seen') {
    return later(goal.retryMs, `green's schedule can't be read: ${why(schedule)}`)
  }

  const { stamp, desired, running } = green.value
  if (isNewer(stamp, goal.fence)) {
    return { kind: 'refused', because: `a newer intent, ${stamp?.intent}, has taken the workload over` }
  }
  if (schedule !== null && !schedule.value.suspended) {
    return { kind: 'refused', because: 'its schedule is active on green already, so ticks may run twice; suspend it' }
  }
  const ours = stamp !== null && stamp.fence.release === goal.fence.release
  if (!ours && desired > 0) {
    const because = `green already runs ${desired} replicas that this release did not start; scale them to 0, or skip the service`
    return { kind: 'refused', because }
  }
  if (!isMark(stamp, goal.fence, goal.intent)) return { kind: 'act', action: { kind: 'provision' }, memo }
  if (desired > 0) return { kind: 'act', action: { kind: 'sleep' }, memo }
  if (running > 0) return later(goal.pollMs, `${running} replicas still end on green`)
  return { kind: 'done', result: { replicas: 0, suspended: schedule === null ? null : true } }
}
