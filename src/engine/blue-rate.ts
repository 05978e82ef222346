import type { Millis } from '../moves/goal.ts'
import type { Increments } from './increments.ts'

/** How many requests blue gets, on average over what this engine has measured while blue had all of them. */
export type BlueRate = {
  take(
    increments: Increments,
    time: { readonly at: Millis; readonly durationMs: Millis },
    isCounted: (service: string) => boolean,
  ): void
  /** null: nothing was measured yet. */
  perSecond(service: string): number | null
}

export const createBlueRate = (): BlueRate => {
  const sums = new Map<string, { requests: number; ms: Millis }>()
  /** A service that is looked at more rarely than others brings the counts of all the time since it was. */
  const lookedAt = new Map<string, Millis>()
  return {
    take: (increments, { at, durationMs }, isCounted) => {
      for (const [service, { blue }] of increments) {
        if (blue === null) continue
        const since = lookedAt.get(service) ?? at - durationMs
        lookedAt.set(service, at)
        if (!isCounted(service)) continue
        const sum = sums.get(service) ?? { requests: 0, ms: 0 }
        sum.requests += blue.arm.requests
        sum.ms += at - since
        sums.set(service, sum)
      }
    },
    perSecond: (service) => {
      const sum = sums.get(service)
      return sum === undefined || sum.ms <= 0 ? null : (sum.requests / sum.ms) * 1000
    },
  }
}
