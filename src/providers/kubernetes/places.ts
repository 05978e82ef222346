import type { Answer } from '../../engine/ports.ts'

/**
 * Lets so many works go on at once. Who finds no place is told so at once, and comes again: one that waited for it would
 * begin with what is left of its time, and be stopped in the middle.
 */
export type Places = { within<T>(work: () => Promise<Answer<T>>): Promise<Answer<T>> }

export const createPlaces = (count: number): Places => {
  let free = count
  return {
    within: async (work) => {
      if (free === 0) return { kind: 'unknown', because: 'others go first; nothing was done yet' }
      free -= 1
      try {
        return await work()
      } finally {
        free += 1
      }
    },
  }
}
