import type { CounterSeries } from '../engine/ports.ts'
import type { Side } from '../moves/goal.ts'

/** What one side did with the items of a queue, as its workers count it. */
export type QueueCounts = { requests: number; errors: number; done: number }

export const noQueueCounts = (): Record<Side, QueueCounts> => ({
  blue: { requests: 0, errors: 0, done: 0 },
  green: { requests: 0, errors: 0, done: 0 },
})

export const queueSeries = (service: string, counts: Readonly<Record<Side, QueueCounts>>): readonly CounterSeries[] =>
  (['blue', 'green'] as const).flatMap((side) => {
    const { requests, errors, done } = counts[side]
    const own = { service, side }
    return [
      { series: `${side} taken ${service}`, ...own, measure: 'requests' as const, value: requests },
      { series: `${side} failed ${service}`, ...own, measure: 'errors' as const, value: errors },
      { series: `${side} done ${service}`, ...own, measure: 'done' as const, value: done },
    ]
  })
