import { describe, expect, it } from 'vitest'
import { createBlueHistory, historyPrefix, leastHistory } from './blue-history.ts'
import type { CounterSeries, MetricsSnapshot } from './ports.ts'

type Counts = { readonly requests: number; readonly errors?: number; readonly fast?: number }

const counters = (replica: string | undefined, { requests, errors = 0, fast = requests }: Counts): CounterSeries[] => {
  const of = (measure: CounterSeries['measure'], value: number, le?: number): CounterSeries => ({
    series: `router ${measure} ${le ?? ''} ${replica ?? ''}`,
    service: 'shop',
    side: 'blue',
    measure,
    value,
    ...(le === undefined ? {} : { le }),
    ...(replica === undefined ? {} : { replica }),
  })
  return [
    of('requests', requests),
    of('errors', errors),
    of('assigned', requests),
    of('bucket', fast, 0.1),
    of('bucket', requests, Number.POSITIVE_INFINITY),
  ]
}

/** Feeds totals, one snapshot after another, 5 s apart. */
const fed = (
  snapshots: readonly (readonly CounterSeries[])[],
  isRecorded: (service: string) => boolean = () => true,
  services = 1,
) => {
  const history = createBlueHistory(services)
  const rows = snapshots.flatMap((own, index) => {
    const at = (index + 1) * 5_000
    const snapshot: MetricsSnapshot = { at, counters: own, gauges: [], missing: [] }
    return history.take(snapshot, { at, durationMs: 5_000 }, isRecorded)
  })
  return { history, rows }
}

const steadily = (intervals: number) =>
  Array.from({ length: intervals + 1 }, (_, n) => [
    ...counters('shop-1', { requests: 10 * n }),
    ...counters('shop-2', { requests: 10 * n }),
  ])

describe("blue's history", () => {
  it('splits the replicas that had requests in two, by their names', () => {
    const names = ['shop-3', 'shop-1', 'shop-2', 'shop-9']
    const { history } = fed([
      names.flatMap((name) => counters(name, { requests: 0 })),
      [
        ...counters('shop-3', { requests: 4, errors: 2, fast: 3 }),
        ...counters('shop-1', { requests: 10, errors: 1, fast: 9 }),
        ...counters('shop-2', { requests: 20 }),
        // Gone long ago: its series is still there, and stands still.
        ...counters('shop-9', { requests: 0 }),
      ],
    ])
    expect(history.of('shop')).toEqual([
      {
        at: 10_000,
        durationMs: 5_000,
        a: { requests: 30, errors: 1, latency: { boundsMs: [100], atOrBelow: [29], count: 30 } },
        b: { requests: 4, errors: 2, latency: { boundsMs: [100], atOrBelow: [3], count: 4 } },
        assigned: { a: 30, b: 4 },
      },
    ])
  })

  it('is empty where replicas are not told apart, where there is one, and where nothing is recorded', () => {
    const without = [0, 5, 9].map((requests) => counters(undefined, { requests }))
    expect(fed(without).history.of('shop')).toEqual([])
    const alone = [0, 5, 9].map((requests) => counters('shop-1', { requests }))
    expect(fed(alone).history.of('shop')).toEqual([])
    expect(fed(steadily(3), () => false).rows).toEqual([])
  })

  it('comes back from its stored rows', () => {
    const { history, rows } = fed(steadily(5))
    expect(rows).toHaveLength(5)
    expect(new Set(rows.map(({ subject }) => subject))).toEqual(new Set([`${historyPrefix}shop`]))
    const restored = createBlueHistory(1)
    for (const row of rows) restored.restore(JSON.parse(JSON.stringify(row)))
    expect(restored.of('shop')).toEqual(history.of('shop'))
  })

  it('keeps an hour whole and thins out what follows, within a bound', () => {
    const { history, rows } = fed(steadily(720 + 1_200))
    expect(rows).toHaveLength(820)
    expect(history.of('shop')).toHaveLength(820)
    // With a thousand services there is room for fifty samples of each.
    const crowded = fed(steadily(1_500), () => true, 1_000)
    expect(crowded.history.of('shop')).toHaveLength(50)
    expect(crowded.history.of('shop').length).toBeGreaterThan(leastHistory)
    expect(crowded.history.of('shop').at(-1)?.at).toBeGreaterThan(1_480 * 5_000)
  })
})
