import type { Millis } from '../moves/goal.ts'
import type { Increments } from './increments.ts'

/** How many requests blue gets, on average over what this engine has measured while blue had all of them. */
export type BlueRate = {
  take(increments: Increments, durationMs: Millis, isCounted: (service: string) => boolean): void
  /** null: nothing was measured yet. */
  perSecond(service: string): number | null
}

export const createBlueRate = (): BlueRate => {
  const sums = new Map<string, { requests: number; ms: Millis }>()
  return {
    take: (increments, durationMs, isCounted) => {
      for (const [service, { blue }] of increments) {
        if (blue === null || !isCounted(service)) continue
        const sum = sums.get(service) ?? { requests: 0, ms: 0 }
        sum.requests += blue.arm.requests
        sum.ms += durationMs
        sums.set(service, sum)
      }
    },
    perSecond: (service) => {
      const sum = sums.get(service)
      return sum === undefined || sum.ms <= 0 ? null : (sum.requests / sum.ms) * 1000
    },
  }
}
