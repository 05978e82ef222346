import { expect, it } from 'vitest'
import { emptyJournal, type JournalState } from '../journal/fold.ts'
import { type MoveState, newMove } from '../journal/move-state.ts'
import { movePlan, smallPlan } from '../moves/testing/small-world.ts'
import type { Observation } from '../store/store.ts'
import { createInbox } from './inbox.ts'
import { judgeSubject } from './judge-rows.ts'
import { createJudging } from './judging.ts'
import { createMeasuring } from './measuring.ts'
import type { CounterSeries, MetricsSnapshot } from './ports.ts'

/** Two replicas of blue, of which each second one has five errors at once, and green beside them. */
const snapshotAt = (n: number, at: number): MetricsSnapshot => {
  const of = (side: 'blue' | 'green', replica: string, measure: CounterSeries['measure'], value: number) => ({
    series: `router ${measure} ${side} ${replica}`,
    service: 'storefront',
    side,
    measure,
    replica,
    value,
  })
  const counters = (['shop-1', 'shop-2'] as const).flatMap((replica, index) => [
    of('blue', replica, 'requests', 100 * n),
    of('blue', replica, 'assigned', 100 * n),
    of('blue', replica, 'errors', 5 * Math.floor((n + index) / 2)),
    of('green', replica, 'requests', 0),
  ])
  return { at, counters, gauges: [], missing: [] }
}

const crossing: MoveState = {
  ...newMove('storefront'),
  step: 2,
  era: 1,
  reachedAt: 0,
  lanes: {
    weights: {
      goal: { kind: 'weights', green: 5 },
      intent: 'storefront/weights/1',
      because: '',
      intendedAt: 0,
      actUntil: 0,
      version: 1,
      outcome: null,
      outcomeAt: null,
    },
  },
}

it("sets a judge up with blue's own dispersion, before the first sample and outside the turn", async () => {
  const stop = new AbortController()
  const plan = { ...smallPlan(), moves: { storefront: movePlan('storefront', 'exposed', 1, []) } }
  let journal: JournalState = emptyJournal('small')
  let now = 1_000_000
  let scrapes = 0
  const rows: Observation[] = []
  const begun = () =>
    rows.find(({ subject, body }) => subject === judgeSubject('storefront') && 'setup' in Object(body))
  const measuring = createMeasuring({
    metrics: {
      read: async () => {
        rows.push(...measuring.takeRows())
        scrapes += 1
        if (scrapes === 40) {
          journal = { ...journal, moves: new Map([['storefront', crossing]]) }
          // As a turn does: it must not wait for what is learnt from the history.
          measuring.sync('storefront')
          expect(measuring.takeRows()).toEqual([])
        }
        if (scrapes === 43) stop.abort()
        return { kind: 'ok', value: snapshotAt(scrapes, now) }
      },
    },
    judging: createJudging(),
    plan,
    journal: () => journal,
    factsOf: () => ({ workload: { blue: null, green: null } }) as never,
    clock: {
      now: () => now,
      monotonic: () => now,
      sleep: async (until) => {
        now = Math.max(now, until)
      },
    },
    log: () => undefined,
  })
  // An empty store.
  await measuring.restore([], { observations: async () => [] } as never, stop.signal)
  await measuring.run(createInbox(), stop.signal)
  const history = rows.filter(({ subject }) => subject === 'history/storefront')
  expect(history).toHaveLength(38)
  expect(begun()?.body).toMatchObject({ kind: 'begin', era: 1, setup: { errors: { holdOnly: false } } })
  const body = begun()?.body as { setup: { errors: { phi: number } } } | undefined
  expect(body?.setup.errors.phi).toBeGreaterThan(3)
  const kinds = rows.flatMap(({ subject, body }) =>
    subject === judgeSubject('storefront') ? [(body as { kind: string }).kind] : [],
  )
  expect(kinds.slice(0, 3)).toEqual(['begin', 'step', 'sample'])
})
