import { describe, expect, it } from 'vitest'
import { poisson, seeded } from '../../test/traffic.ts'
import type { BlueHalves } from '../judge/calibrate.ts'
import type { JudgeSetup } from '../judge/setup.ts'
import { movePlan, quickPolicy } from '../moves/testing/small-world.ts'
import { setUpJudge } from './judging.ts'

const plan = (dispersion: number | null) => ({
  ...movePlan('shop', 'exposed', 1, []),
  policy: { ...quickPolicy, judge: { ...quickPolicy.judge, dispersion } },
})

/** Blue against itself; `bunch`: how many errors come at once, all on one half. */
const blue = (samples: number, bunch: number): readonly BlueHalves[] => {
  const random = seeded(7)
  const half = () => ({ requests: 500, errors: bunch * poisson(2 / bunch, random), latency: null })
  return Array.from({ length: samples }, (_, n) => ({
    at: (n + 1) * 5_000,
    durationMs: 5_000,
    a: half(),
    b: half(),
    assigned: { a: 500, b: 500 },
  }))
}
const phiOf = ({ errors }: JudgeSetup): number => errors.phi

describe('the dispersion of a service', () => {
  it("comes from blue's history", () => {
    expect(phiOf(setUpJudge(plan(null), null, blue(500, 1)))).toBeLessThan(1.3)
    expect(phiOf(setUpJudge(plan(null), null, blue(500, 5)))).toBeGreaterThan(3.5)
  })

  it('is 2 without enough of it', () => {
    expect(phiOf(setUpJudge(plan(null), null, []))).toBe(2)
    expect(phiOf(setUpJudge(plan(null), null, blue(19, 5)))).toBe(2)
    expect(phiOf(setUpJudge(plan(null), null, blue(20, 5)))).not.toBe(2)
  })

  it("is the policy's where it says one", () => {
    expect(phiOf(setUpJudge(plan(4), null, blue(500, 1)))).toBe(4)
  })

  it('lets a check that is too noisy hold only', () => {
    const { errors } = setUpJudge(plan(null), null, blue(500, 60))
    expect(errors.phi).toBe(16)
  })
})

describe('what is tolerated while a step is called proven', () => {
  const policyOf = (toleratedExtra: number | null) => ({
    ...plan(2),
    policy: { ...quickPolicy, judge: { ...quickPolicy.judge, toleratedExtra } },
  })
  const tolerated = (setup: JudgeSetup): number => setup.proof.tolerated

  it('is more for a service with little traffic, by what blue was measured to get', () => {
    expect(tolerated(setUpJudge(policyOf(null), null, [], 49))).toBe(0.002)
    expect(tolerated(setUpJudge(policyOf(null), null, [], 50))).toBe(0.0005)
  })

  it("comes from blue's history where nothing else was measured, as after a restart", () => {
    const quiet = (each: number): readonly BlueHalves[] =>
      blue(10, 1).map((one) => ({ ...one, a: { ...one.a, requests: each }, b: { ...one.b, requests: each } }))
    expect(tolerated(setUpJudge(policyOf(null), null, quiet(100)))).toBe(0.002)
    expect(tolerated(setUpJudge(policyOf(null), null, quiet(200)))).toBe(0.0005)
  })

  it('is the stricter one while nothing is known', () => {
    expect(tolerated(setUpJudge(policyOf(null), null, []))).toBe(0.0005)
  })

  it("is the policy's where it says one", () => {
    expect(tolerated(setUpJudge(policyOf(0.01), null, [], 1))).toBe(0.01)
  })
})
