import type { Random } from '../simulated-clock.ts'

export const chance = (random: Random, probability: number): boolean => random() < probability

/** A whole number from 0 up to, and without, `below`. */
export const below = (random: Random, limit: number): number => Math.floor(random() * limit)

export const pick = <T>(random: Random, of: readonly T[]): T => {
  const found = of[below(random, of.length)]
  if (found === undefined) throw new Error('nothing to pick from')
  return found
}
