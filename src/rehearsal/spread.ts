import type { Spread } from './rehearsal.ts'

const rank = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0

/** By nearest rank; of nothing, 0. */
export const spreadOf = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b)
  return { p50: rank(sorted, 0.5), p95: rank(sorted, 0.95), least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 }
}
