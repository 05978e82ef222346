import type { Millis } from '../moves/goal.ts'

/** The same numbers for the same seed (mulberry32), each in [0, 1). */
export type Random = () => number

export const createRandom = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export const between = (random: Random, low: number, high: number): number => Math.floor(low + random() * (high - low))

export type SimulatedClock = {
  readonly now: () => Millis
  /**
   * Calls back at `at`; in the order of instants, and of asking where those are equal. It returns whether somebody
   * awaits what it did: only then is time taken for promises to settle.
   */
  readonly at: (at: Millis, callback: () => boolean) => void
  readonly sleep: (until: Millis, signal?: AbortSignal) => Promise<void>
  /** Lets time pass until `until`, and everything happen that is due. */
  readonly runUntil: (until: Millis) => Promise<void>
}

type Due = { readonly at: Millis; readonly callback: () => boolean }

/** Index at which an entry due at `at` goes: after all that are due no later. The queue is kept latest first. */
const place = (queue: readonly Due[], at: Millis): number => {
  let [low, high] = [0, queue.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const due = queue[middle]
    if (due !== undefined && due.at > at) low = middle + 1
    else high = middle
  }
  return low
}

/** Time that passes only when it is told to, so that a day takes milliseconds and each run of a seed is the same. */
export const createSimulatedClock = (start: Millis): SimulatedClock => {
  let now = start
  const queue: Due[] = []

  const at = (instant: Millis, callback: () => boolean) => {
    const due = Math.max(instant, now)
    queue.splice(place(queue, due), 0, { at: due, callback })
  }

  /** Everything that follows from one event happens (promises settle) before the next one. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

  return {
    now: () => now,
    at,
    sleep: (until, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        signal?.addEventListener('abort', () => resolve(), { once: true })
        at(until, () => {
          resolve()
          return true
        })
      }),
    runUntil: async (until) => {
      await settle()
      for (let due = queue.at(-1); due !== undefined && due.at <= until; due = queue.at(-1)) {
        queue.pop()
        now = due.at
        if (due.callback()) await settle()
      }
      now = until
    },
  }
}
