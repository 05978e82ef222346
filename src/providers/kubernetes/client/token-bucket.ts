import type { Millis } from '../../../moves/goal.ts'

/** `urgent`: going back, and weights. They go before all that waits; only what is on its way already was earlier. */
export type Urgency = 'urgent' | 'normal'

export type TokenBucket = {
  /** Waits for the turn of one request. Rejects with the signal's reason when that aborts first. */
  take(urgency: Urgency, signal: AbortSignal): Promise<void>
  /** How many wait, for figures. */
  waiting(): number
}

type Waiter = { readonly admit: () => void; readonly signal: AbortSignal }

/**
 * Lets so many requests a second pass, and as many at once as a second gives. `now` is a monotonic clock in
 * milliseconds. No timer runs while nobody waits.
 */
export const createTokenBucket = (
  perSecond: number,
  now: () => Millis,
  schedule: (run: () => void, afterMs: Millis) => void = (run, afterMs) => void setTimeout(run, afterMs),
): TokenBucket => {
  const queues: Record<Urgency, Waiter[]> = { urgent: [], normal: [] }
  let tokens = perSecond
  let countedAt = now()
  let isScheduled = false

  const refill = (): void => {
    const at = now()
    tokens = Math.min(perSecond, tokens + ((at - countedAt) / 1000) * perSecond)
    countedAt = at
  }
  const next = (): Waiter | undefined => {
    for (const queue of [queues.urgent, queues.normal]) {
      for (let waiter = queue.shift(); waiter !== undefined; waiter = queue.shift()) {
        if (!waiter.signal.aborted) return waiter
      }
    }
    return undefined
  }
  const serve = (): void => {
    refill()
    while (tokens >= 1) {
      const waiter = next()
      if (waiter === undefined) return
      tokens -= 1
      waiter.admit()
    }
    if (queues.urgent.length + queues.normal.length === 0 || isScheduled) return
    isScheduled = true
    const wake = (): void => {
      isScheduled = false
      serve()
    }
    schedule(wake, Math.ceil(((1 - tokens) / perSecond) * 1000))
  }

  return {
    waiting: () => queues.urgent.length + queues.normal.length,
    take: (urgency, signal) =>
      new Promise((resolve, reject) => {
        // A signal's reason is what its owner chose, and theirs to read.
        const giveUp = () => reject(signal.reason as Error)
        if (signal.aborted) return giveUp()
        signal.addEventListener('abort', giveUp, { once: true })
        const admit = () => {
          signal.removeEventListener('abort', giveUp)
          resolve()
        }
        queues[urgency].push({ admit, signal })
        serve()
      }),
  }
}
