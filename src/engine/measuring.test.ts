import { expect, it } from 'vitest'
import { emptyJournal, type JournalState } from '../journal/fold.ts'
import { type MoveState, newMove } from '../journal/move-state.ts'
import type { JudgeSetup } from '../judge/setup.ts'
import { movePlan, smallPlan } from '../moves/testing/small-world.ts'
import type { Policy } from '../plan/policy.ts'
import type { Observation, StoredObservation } from '../store/store.ts'
import { createInbox } from './inbox.ts'
import { type JudgeRow, judgeSubject } from './judge-rows.ts'
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
    of('blue', replica, 'requests', 20 * n),
    of('blue', replica, 'assigned', 20 * n),
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

/** Blue is measured for 40 scrapes, then the service crosses: rows that are stored, and those of them made in a turn. */
const measuredUntilCrossing = async (differs: Partial<Policy['judge']>, facts: readonly StoredObservation[] = []) => {
  const stop = new AbortController()
  const move = movePlan('storefront', 'exposed', 1, [])
  const policy = { ...move.policy, judge: { ...move.policy.judge, ...differs } }
  const plan = { ...smallPlan(), moves: { storefront: { ...move, policy } } }
  let journal: JournalState = emptyJournal('small')
  let now = 1_000_000
  let scrapes = 0
  const rows: Observation[] = []
  let inTurn: readonly Observation[] = []
  const measuring = createMeasuring({
    metrics: {
      read: async () => {
        rows.push(...measuring.takeRows())
        scrapes += 1
        if (scrapes === 40) {
          journal = { ...journal, moves: new Map([['storefront', crossing]]) }
          // As a turn does: it must not wait for what is learnt from the history.
          measuring.sync('storefront')
          inTurn = measuring.takeRows()
          rows.push(...inTurn)
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
      rest: () => ({ over: Promise.resolve(), end: () => undefined }),
      after: () => () => undefined,
    },
    log: () => undefined,
  })
  // An empty store.
  await measuring.restore(facts, { observations: async () => [] } as never, stop.signal)
  await measuring.run(createInbox(), stop.signal)
  return { rows, inTurn }
}

const begun = (rows: readonly Observation[]) =>
  rows
    // Rows of judging are written by the judging that is tested, in this shape.
    .flatMap(({ subject, body }) => (subject === judgeSubject('storefront') ? [body as JudgeRow] : []))
    .find((row) => row.kind === 'begin')

const begunWith = (rows: readonly Observation[]): JudgeSetup | undefined => begun(rows)?.setup

it("sets a judge up with blue's own dispersion, before the first sample and outside the turn", async () => {
  const { rows, inTurn } = await measuredUntilCrossing({ toleratedExtra: null })
  expect(inTurn).toEqual([])
  expect(rows.filter(({ subject }) => subject === 'history/storefront')).toHaveLength(38)
  expect(begunWith(rows)?.errors.holdOnly).toBe(false)
  expect(begunWith(rows)?.errors.phi).toBeGreaterThan(3)
  const kinds = rows.flatMap(({ subject, body }) =>
    subject === judgeSubject('storefront') ? [(body as { kind: string }).kind] : [],
  )
  expect(kinds.slice(0, 3)).toEqual(['begin', 'step', 'sample'])
})

it("sets it up with what blue's traffic tolerates, also where no history is kept", async () => {
  // 40 requests a second, from one scrape to the next.
  const { rows } = await measuredUntilCrossing({ toleratedExtra: null, dispersion: 2 })
  expect(begunWith(rows)?.proof.tolerated).toBe(0.002)
})

it('sets it up with all that blue did before, also of the time before a restart', async () => {
  const { rows } = await measuredUntilCrossing({ dispersion: 2 })
  // 38 times 40 requests, and the errors of the replicas in turns, from the second scrape on.
  expect(begun(rows)?.blue).toMatchObject({ requests: 1_520, errors: 190 })
  const stored = rows.filter(({ subject }) => subject === 'blue-so-far/storefront')
  expect(stored.map(({ body }) => body)).toMatchObject([{ requests: 40 }, { requests: 1_000 }])
  const [last] = stored.slice(-1)
  if (last === undefined) throw new Error('nothing is stored')
  const again = await measuredUntilCrossing({ dispersion: 2 }, [{ ...last, id: 7 }])
  expect(begun(again.rows)?.blue).toMatchObject({ requests: 2_520 })
})
