import { expect, it } from 'vitest'
import type { ReleaseState } from '../journal/release-state.ts'
import { decideRelease } from './decide-release.ts'
import { giveOrders } from './orders.ts'
import { openSmallWorld, smallPlan } from './testing/small-world.ts'

it('decides the same in whatever order the reports of its moves have come', () => {
  const small = openSmallWorld()
  small.pass(1_000)
  const asking = [...small.reports].map(
    ([service, report]) => [service, { ...report, begun: true, askedBack: `${service} failed` }] as const,
  )
  const [one, other] = [asking, asking.toReversed()].map((reports) =>
    decideRelease({ state: small.journal.release, plan: smallPlan(), reports: new Map(reports), now: 2_000_000 }),
  )
  expect(one?.release).toMatchObject([{ kind: 'rollback ordered' }])
  expect(other).toEqual(one)
})

it('does not end rolled back while what green would not do before is being put right', () => {
  const small = openSmallWorld()
  small.pass(1_000)
  const services = Object.keys(smallPlan().moves)
  const rollback = { because: 'enough', by: 'ada', at: 1, everything: true, assumeDead: null }
  const state = { ...small.journal.release, back: services, rollback }
  const decide = (correcting: boolean) => {
    const back = { order: 'back', settledOn: 'blue', begun: true, correcting, waiting: null } as const
    const reports = new Map([...small.reports].map(([service, report]) => [service, { ...report, ...back }]))
    return decideRelease({ state, plan: smallPlan(), reports, now: 2_000_000 }).release.map(({ kind }) => kind)
  }
  expect(decide(true)).not.toContain('ended')
  expect(decide(false)).toContain('ended')
})

it('tells every service that has not settled to stay where it is after break-glass', () => {
  const small = openSmallWorld()
  small.pass(1_000)
  const plan = smallPlan()
  const onTheWay = { order: 'cross', settledOn: null, skipped: false } as const
  const reports = new Map([...small.reports].map(([service, report]) => [service, { ...report, ...onTheWay }]))
  const wavesStarted = plan.waves.map(({ number }) => number)
  const ordersAfter = (stop: ReleaseState['stop']) =>
    giveOrders({
      state: { ...small.journal.release, wavesStarted, stop },
      plan,
      reports,
      now: 2_000_000,
      waitingForRelease: null,
    })?.moves.map(({ event }) => event) ?? []
  const orders = ordersAfter({ where: 'green', by: 'eve', because: 'smoke', at: 1 })
  expect(orders).toHaveLength(reports.size)
  for (const order of orders) expect(order).toMatchObject({ order: 'hold', because: 'eve used break-glass' })
  expect(ordersAfter(null)).not.toEqual(orders)
})
