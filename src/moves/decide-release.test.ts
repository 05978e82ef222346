import { expect, it } from 'vitest'
import { decideRelease } from './decide-release.ts'
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
