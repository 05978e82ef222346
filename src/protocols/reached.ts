import { compareFences, type Fence, type IntentId } from '../moves/goal.ts'

/**
 * What a side answered about one service. A side that can't be reached is a fact like any other.
 * `absent`: the side answered, and has no such thing. `not asked`: it was left in peace on purpose.
 */
export type Reached<T> =
  | { readonly kind: 'seen'; readonly value: T }
  | { readonly kind: 'unreachable' | 'absent'; readonly because: string }
  | { readonly kind: 'not asked' }

/** Who changed an object last. */
export type Mark = { readonly fence: Fence; readonly intent: IntentId }

export const why = (side: Reached<unknown>): string =>
  side.kind === 'seen' ? 'it answered' : side.kind === 'not asked' ? 'it was not asked' : side.because

export const isMark = (mark: Mark | null, fence: Fence, intent: IntentId): boolean =>
  mark !== null &&
  mark.intent === intent &&
  mark.fence.release === fence.release &&
  compareFences(mark.fence, fence) === 0

/** The mark was left by somebody who took over from us: we must not act any more. */
export const isNewer = (mark: Mark | null, fence: Fence): boolean =>
  mark !== null &&
  mark.fence.release === fence.release &&
  mark.fence.move === fence.move &&
  compareFences(mark.fence, fence) > 0
