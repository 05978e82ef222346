import type { Millis } from '../../moves/goal.ts'
import type { Delivery } from './post-json.ts'

export type RetryPolicy = { readonly tries: number; readonly firstMs: Millis; readonly maxMs: Millis }

export type RetryClock = {
  readonly now: () => Millis
  /** Resolves at the instant, or as soon as the signal aborts. */
  readonly sleep: (until: Millis, signal: AbortSignal) => Promise<void>
}

/** Before the try after the `failed`-th failure: doubling up to the most, of which half is chance. Many senders then don't come at once. */
export const retryDelay = ({ firstMs, maxMs }: RetryPolicy, failed: number, random: () => number): Millis => {
  const whole = Math.min(maxMs, firstMs * 2 ** (failed - 1))
  return whole / 2 + (whole / 2) * random()
}

/** Tries until it is delivered, can't be, or the tries are used up. Answers with the last failure; `tries` is how many were made. */
export const deliver = async (
  attempt: () => Promise<Delivery>,
  policy: RetryPolicy,
  options: { readonly clock: RetryClock; readonly signal: AbortSignal; readonly random: () => number },
): Promise<{ readonly last: Delivery; readonly tries: number }> => {
  const { clock, signal } = options
  for (let tries = 1; ; tries++) {
    const last = await attempt()
    if (last.kind !== 'later' || tries >= policy.tries || signal.aborted) return { last, tries }
    await clock.sleep(clock.now() + retryDelay(policy, tries, options.random), signal)
    if (signal.aborted) return { last, tries }
  }
}
