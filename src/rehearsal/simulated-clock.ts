import type { Clock } from '../engine/clock.ts'
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

export type SimulatedClock = Omit<Clock, 'sleep'> & {
  readonly sleep: (until: Millis, signal?: AbortSignal) => Promise<void>
  /**
   * Calls back at `at`; in the order of instants, and of asking where those are equal. It returns whether somebody
   * awaits what it did: only then is time taken for promises to settle. What it gives takes the call back.
   */
  readonly at: (at: Millis, callback: () => boolean) => () => void
  /** Lets time pass until `until`, and everything happen that is due; or until `isOver` says so. */
  readonly runUntil: (until: Millis, isOver?: () => boolean) => Promise<void>
}

type Due = { readonly at: Millis; callback: (() => boolean) | null }

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

/** Whoever has so much to do at one instant does it for ever. */
const mostAtOnce = 100_000

/** So often the loop of the process has its turn, for signals and timers of its own. */
const breathesEvery = 256

/** Time that passes only when it is told to, so that a day takes milliseconds and each run of a seed is the same. */
export const createSimulatedClock = (start: Millis): SimulatedClock => {
  let now = start
  let settled = 0
  const queue: Due[] = []

  const at = (instant: Millis, callback: () => boolean) => {
    const due: Due = { at: Math.max(instant, now), callback }
    queue.splice(place(queue, due.at), 0, due)
    return () => {
      due.callback = null
    }
  }

  /**
   * Everything that follows from one event happens (promises settle) before the next one: what is asked for by
   * `nextTick` from within a promise comes after all promises that can go on.
   */
  const settle = () =>
    new Promise<void>((resolve) => {
      settled += 1
      if (settled % breathesEvery === 0) setImmediate(resolve)
      else process.nextTick(resolve)
    })

  return {
    now: () => now,
    monotonic: () => now,
    at,
    after: (ms, act) =>
      at(now + ms, () => {
        act()
        return true
      }),
    rest: (until) => {
      const { promise: over, resolve } = Promise.withResolvers<void>()
      const takeBack = at(until, () => {
        resolve()
        return true
      })
      const end = (): void => {
        takeBack()
        resolve()
      }
      return { over, end }
    },
    sleep: (until, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const takeBack = at(until, () => {
          signal?.removeEventListener('abort', end)
          resolve()
          return true
        })
        const end = (): void => {
          takeBack()
          resolve()
        }
        signal?.addEventListener('abort', end, { once: true })
      }),
    runUntil: async (until, isOver) => {
      await settle()
      if (isOver?.() === true) return
      let [instant, atOnce] = [now, 0]
      for (let due = queue.at(-1); due !== undefined && due.at <= until; due = queue.at(-1)) {
        queue.pop()
        if (due.callback === null) continue
        now = due.at
        atOnce = now === instant ? atOnce + 1 : 0
        instant = now
        if (atOnce > mostAtOnce) throw new Error(`time stands still: more than ${mostAtOnce} events at one instant`)
        if (due.callback()) await settle()
        if (isOver?.() === true) return
      }
      now = Math.max(now, until)
    },
  }
}
