import type { Answer } from '../../engine/ports.ts'

/** Lets so many works go on at once; the others wait in order, each no longer than its signal. */
export type Places = { within<T>(signal: AbortSignal, work: () => Promise<Answer<T>>): Promise<Answer<T>> }

export const createPlaces = (count: number): Places => {
  const waiting = new Set<() => void>()
  let free = count

  const enter = (signal: AbortSignal): Promise<boolean> =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve(false)
      if (free > 0) {
        free -= 1
        return resolve(true)
      }
      const giveUp = () => {
        waiting.delete(go)
        resolve(false)
      }
      const go = () => {
        signal.removeEventListener('abort', giveUp)
        resolve(true)
      }
      waiting.add(go)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  /** The place goes to the next, if somebody waits. */
  const leave = (): void => {
    const [next] = waiting
    if (next === undefined) free += 1
    else {
      waiting.delete(next)
      next()
    }
  }

  return {
    within: async (signal, work) => {
      if (!(await enter(signal))) return { kind: 'unknown', because: 'it waited for others, and nothing was done yet' }
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}
