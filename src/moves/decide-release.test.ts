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
