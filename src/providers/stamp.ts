import type { Call, Stamp } from '../engine/ports.ts'
import { compareFences, type Json } from '../moves/goal.ts'

/** The stamp that an act leaves. The first baseline stays: a later one would describe our own work. */
export const stampAfter = (before: Stamp | null, call: Pick<Call, 'fence' | 'intent'>, baseline: Json): Stamp => ({
  fence: call.fence,
  intent: call.intent,
  baseline: before?.baseline ?? baseline,
})

/** Whether a newer intent of the same release has changed the object since this call was meant. */
export const isOvertaken = (stamp: Stamp | null, { fence }: Pick<Call, 'fence'>): boolean =>
  stamp !== null && stamp.fence.release === fence.release && compareFences(stamp.fence, fence) > 0

/** Whether an object bears the stamp of this very call: then the call was made before and only its answer was lost. */
export const isStampOf = (stamp: Stamp | null, call: Pick<Call, 'fence' | 'intent'>): boolean =>
  stamp !== null &&
  stamp.intent === call.intent &&
  stamp.fence.release === call.fence.release &&
  compareFences(stamp.fence, call.fence) === 0
