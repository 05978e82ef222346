import { beganNewSpan } from '../engine/resting.ts'
import type { Recorded } from '../journal/events.ts'
import type { Millis } from '../moves/goal.ts'
import type { Plan } from '../plan/plan.ts'
import type { Scraped } from './simulated-world.ts'

/**
 * What a scrape has of each service, so that nobody counts requests that nobody looks at: everything of what crosses,
 * the same of what has settled in the first scrape of each span, and of what has not crossed only how long blue's answers
 * take, for the judge that then begins.
 */
export const createScraped = (plan: Plan, begin: Millis, settledMs: Millis, now: () => Millis) => {
  const moving = new Set<string>()
  const settled = new Set<string>()
  let scrapedAt = begin
  let isFirstOfSpan = true
  const begins = (service: string, step: number): boolean => {
    const move = plan.moves[service]
    return move?.kind !== 'exposed' || move.steps[step]?.crossing === true
  }
  return {
    isMoving: (service: string): boolean => moving.has(service) && !settled.has(service),
    of: (service: string): Scraped => {
      if (now() > scrapedAt) {
        isFirstOfSpan = beganNewSpan(scrapedAt, now(), settledMs)
        scrapedAt = now()
      }
      if (!moving.has(service)) return 'latency'
      return isFirstOfSpan || !settled.has(service) ? 'everything' : 'nothing'
    },
    hear: (entries: readonly Recorded[]): void => {
      for (const { stream, event } of entries) {
        const service = stream.slice('move/'.length)
        if (event.kind === 'entered' && begins(service, event.step)) moving.add(service)
        if (event.kind === 'settled') settled.add(service)
        if (event.kind === 'ordered' && event.order === 'back') settled.delete(service)
      }
    },
  }
}
