import type { Fence, IntentId, Millis } from '../moves/goal.ts'
import type { Protocol } from './protocol.ts'
import { isMark, isNewer, type Mark, type Reached, why } from './reached.ts'

export type WeightFacts = {
  readonly green: number
  readonly effectiveGreen: number
  /** How far the last change has come, where the router does not do it at once. */
  readonly shift?:
    | { readonly kind: 'pending'; readonly because: string; readonly forMs: Millis }
    | { readonly kind: 'accepted' }
    | { readonly kind: 'seen'; readonly by: string }
  readonly ready: { readonly blue: boolean | null; readonly green: boolean | null }
  readonly revision: string
  readonly stamp: Mark | null
}

export type WeightsWorld = {
  readonly router: Reached<WeightFacts>
  /** What green's environment says, for routers without probes of their own; null: it was not asked. */
  readonly greenReady: boolean | null
}

export type WeightsGoal = {
  readonly kind: 'weights'
  readonly green: number
  readonly intent: IntentId
  readonly fence: Fence
  readonly pollMs: Millis
  readonly retryMs: Millis
}

export type WeightsAction = { readonly kind: 'set weight'; readonly green: number }

export type WeightsMemo = { readonly before: number | null; readonly startedAt: Millis | null }
export const emptyWeightsMemo: WeightsMemo = { before: null, startedAt: null }

/** The router says that it divides users so, and nothing else has shown it. */
export const notShown = 'accepted, not seen'

/**
 * Sets green's share of traffic, and is done when it is in force. Never raises it while green is unready; taking it
 * down asks nobody but the router. Set (and so stamped) once even when it holds, so that late writes are refused.
 */
export const weights: Protocol<WeightsWorld, WeightsGoal, WeightsAction, WeightsMemo> = (world, goal, given, now) => {
  const { router } = world
  if (router.kind === 'absent') return { kind: 'refused', because: `the router has no such route: ${router.because}` }
  const seen = router.kind === 'seen' ? router.value : null
  const memo = { before: given.before ?? seen?.green ?? null, startedAt: given.startedAt ?? now }
  const later = (ms: Millis, because: string) => ({ kind: 'wait', until: now + ms, because, memo }) as const
  if (seen === null) return later(goal.retryMs, `the router can't be reached: ${why(router)}`)
  if (isNewer(seen.stamp, goal.fence)) {
    return { kind: 'refused', because: `a newer intent, ${seen.stamp?.intent}, has set the weight` }
  }

  const ready = seen.ready.green ?? world.greenReady
  if (goal.green > seen.green && ready !== true) {
    const said = ready === null ? 'nobody can say whether green is ready' : 'green is not ready'
    return later(goal.pollMs, `${said}, so its weight stays at ${seen.green} %`)
  }
  if (seen.green !== goal.green || !isMark(seen.stamp, goal.fence, goal.intent)) {
    return { kind: 'act', action: { kind: 'set weight', green: goal.green }, memo }
  }
  if (seen.shift?.kind === 'pending')
    return later(
      Math.max(goal.pollMs, seen.shift.forMs),
      `${goal.green} % is set for green, and not in force yet: ${seen.shift.because}`,
    )
  if (seen.effectiveGreen > goal.green || (seen.effectiveGreen < goal.green && ready !== true)) {
    return later(goal.pollMs, `${goal.green} % is set for green, and ${seen.effectiveGreen} % is in force`)
  }
  const shown = seen.shift === undefined ? {} : { shown: seen.shift.kind === 'seen' ? seen.shift.by : notShown }
  return { kind: 'done', result: { before: memo.before, green: seen.green, totalMs: now - memo.startedAt, ...shown } }
}
