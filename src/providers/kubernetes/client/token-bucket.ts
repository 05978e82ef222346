import type { Millis } from '../../../moves/goal.ts'

/**
 * What goes before all that waits of what comes after it here; only what is on its way already was earlier. `first`: users
 * go back, and what runs on green stops. `urgent`: the rest of going back, weights, schedules that nobody runs meanwhile.
 */
const urgencies = ['first', 'urgent', 'normal'] as const
export type Urgency = (typeof urgencies)[number]

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
  const queues: Record<Urgency, Waiter[]> = { first: [], urgent: [], normal: [] }
  let tokens = perSecond
  let countedAt = now()
  let isScheduled = false

  const refill = (): void => {
    const at = now()
    tokens = Math.min(perSecond, tokens + ((at - countedAt) / 1000) * perSecond)
    countedAt = at
  }
  const waiting = (): number => urgencies.reduce((all, urgency) => all + queues[urgency].length, 0)
  const next = (): Waiter | undefined => {
    for (const urgency of urgencies) {
      const queue = queues[urgency]
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
    if (waiting() === 0 || isScheduled) return
    isScheduled = true
    const wake = (): void => {
      isScheduled = false
      serve()
    }
    schedule(wake, Math.ceil(((1 - tokens) / perSecond) * 1000))
  }

  return {
    waiting,
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
