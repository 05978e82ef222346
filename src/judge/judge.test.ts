import { describe, expect, test } from 'vitest'
import { BOUNDS, seeded, type Traffic, trafficSample } from '../../test/traffic.ts'
import { toleratedFailures } from './defaults.ts'
import { judgeSample, verdictAt } from './judge.ts'
import type { Arm, Histogram, Sample } from './sample.ts'
import { businessSetup, type JudgeSetup, judgeSetup, latencySetup, throughputSetup } from './setup.ts'
import { acceptCheck, enterStep, type JudgeState, startAttempt, startJudge } from './state.ts'
import { speaksAgainstGreen, type Verdict } from './verdict.ts'

const arm = (requests: number, errors: number, more: Partial<Arm> = {}): Arm => ({
  requests,
  errors,
  latency: null,
  ...more,
})
const sample = (i: number, green: Arm | null, blue: Arm | null, more: Partial<Sample> = {}): Sample => ({
  at: i * 5000,
  durationMs: 5000,
  green,
  blue,
  assigned: null,
  weightGreen: 5,
  ...more,
})

const at5 = (setup: JudgeSetup): JudgeState => enterStep(startJudge(setup, { at: 0 }), { at: 0, weightGreen: 5 })

const run = (setup: JudgeSetup, start: JudgeState, samples: readonly Sample[]) => {
  let state = start
  const verdicts: Verdict[] = []
  for (const one of samples) {
    const judged = judgeSample(setup, state, one)
    state = judged.state
    verdicts.push(judged.verdict)
  }
  const verdict = verdicts.at(-1)
  if (verdict === undefined) throw new Error('no samples')
  return { state, verdicts, verdict }
}

const repeat = (n: number, make: (i: number) => Sample, from = 1) => Array.from({ length: n }, (_, k) => make(from + k))

describe('errors', () => {
  const setup = judgeSetup('checkout')

  test('a green that fails a few percent is rolled back, with the figures, and stays so when it gets well', () => {
    const bad = repeat(6, (i) => sample(i, arm(50, 4), arm(950, 1)))
    const well = repeat(50, (i) => sample(i, arm(50, 0), arm(950, 1)), 7)
    const { verdicts, verdict } = run(setup, at5(setup), [...bad, ...well])
    const first = verdicts.findIndex((v) => v.kind === 'roll back')
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(5)
    expect(verdict).toMatchObject({ kind: 'roll back', cause: 'evidence', since: (first + 1) * 5000 })
    expect(verdicts[first]?.because).toMatch(
      /1\/alpha = 100; most of it from errors .*green failed \d+ of \d+ \(8 %\), blue failed/,
    )
  })

  test('between 5 and 100 it holds by the policy, and lets go when the evidence goes', () => {
    const { verdicts } = run(setup, at5(setup), [
      ...repeat(2, (i) => sample(i, arm(50, 3), arm(950, 1))),
      ...repeat(80, (i) => sample(i, arm(50, 0), arm(950, 1)), 3),
    ])
    expect(verdicts[1]).toMatchObject({ kind: 'hold', cause: 'evidence', until: 'policy', since: 10_000 })
    expect(verdicts[1] && speaksAgainstGreen(verdicts[1])).toBe(true)
    expect(verdicts.at(-1)).toMatchObject({ kind: 'advance', how: 'proven' })
  })

  test('the hold says since when, over all samples in which it lasted', () => {
    const { verdicts } = run(
      setup,
      at5(setup),
      repeat(4, (i) => sample(i, arm(50, i === 1 ? 5 : 1), arm(950, 1))),
    )
    expect(verdicts.map((v) => (v.kind === 'hold' ? [v.cause, v.since] : v.kind))).toEqual([
      ['dwell', 5000],
      ['evidence', 10_000],
      ['evidence', 10_000],
      'roll back',
    ])
  })

  test('a sample that is given again changes nothing', () => {
    const one = run(
      setup,
      at5(setup),
      repeat(3, (i) => sample(i, arm(50, 2), arm(950, 1))),
    )
    const again = judgeSample(setup, one.state, sample(3, arm(50, 50), arm(950, 1)))
    expect(again.state).toBe(one.state)
    expect(again.verdict).toEqual(one.verdict)
  })
})

describe('the guard', () => {
  const setup = judgeSetup('checkout')
  test('a green that answers only errors is rolled back at the first sample with enough of them', () => {
    const { verdict } = run(setup, at5(setup), [sample(1, arm(50, 50), arm(950, 1))])
    expect(verdict).toMatchObject({ kind: 'roll back', cause: 'guard', since: 5000 })
    expect(verdict.because).toBe('in the last sample green failed 50 of 50 (100 %), blue failed 1 of 950 (0.11 %)')
  })
  test('when blue fails just as much, it is not green', () => {
    const { verdict } = run(
      setup,
      at5(setup),
      repeat(20, (i) => sample(i, arm(50, 25), arm(950, 480))),
    )
    expect(verdict.kind).toBe('advance')
    expect(verdict.evidence.guard).toEqual({ tripped: false, requests: 150, errors: 75 })
  })
})

describe('advancing', () => {
  const setup = judgeSetup('checkout', {
    dwell: { minMs: 60_000, maxMs: 300_000 },
    proof: { needed: 20, rho: 1.5, tolerated: 0.01 },
  })
  const healthy = (i: number, weightGreen = 5) =>
    sample(i, arm(10 * weightGreen, 0), arm(1000 - 10 * weightGreen, 1), { weightGreen })

  test('needs a minute observed, then goes on when proven', () => {
    const { verdicts } = run(setup, at5(setup), repeat(12, healthy))
    expect(verdicts[10]).toMatchObject({ kind: 'hold', cause: 'dwell' })
    expect(verdicts[11]).toMatchObject({ kind: 'advance', how: 'proven' })
    expect(verdicts[11]?.because).toMatch(
      /^green is not worse at 5 %: proof .* of 20; green failed 0 of 600 \(0 %\), blue failed 12 of 11,400/,
    )
  })

  test('only the part of a sample that lies in the step is observed dwell', () => {
    const entered = enterStep(startJudge(setup, { at: 0 }), { at: 3000, weightGreen: 5 })
    expect(run(setup, entered, repeat(2, healthy)).verdict.evidence.step.observedMs).toBe(7000)
  })

  test('a new step begins its proof anew, while evidence against green goes on', () => {
    const before = run(setup, at5(setup), repeat(12, healthy))
    const entered = enterStep(before.state, { at: 60_000, weightGreen: 25 })
    expect(verdictAt(setup, entered, 60_000)).toMatchObject({ kind: 'hold', cause: 'dwell' })
    expect(verdictAt(setup, entered, 60_000).evidence.proof).toBe(1)
    expect(entered.evidence.errors).toEqual(before.state.evidence.errors)
  })

  test('without proof it goes on at the longest dwell, and says that it is unproven', () => {
    const strict = { ...setup, proof: { ...setup.proof, tolerated: 0 } }
    const { verdicts } = run(strict, at5(strict), repeat(60, healthy))
    expect(verdicts[58]).toMatchObject({ kind: 'hold', cause: 'unproven', until: 'passes' })
    expect(speaksAgainstGreen(verdicts[58] as Verdict)).toBe(false)
    expect(verdicts[59]).toMatchObject({ kind: 'advance', how: 'timed' })
    expect(verdicts[59]?.because).toContain('timed, unproven')
    expect(verdicts[59]?.evidence.proven).toBe(false)
  })

  test('two requests a second never prove the strict default, and the judge never says so', () => {
    const quiet = judgeSetup('quiet')
    const { verdicts } = run(
      quiet,
      at5(quiet),
      repeat(359, (i) => sample(i, arm(1, 0), arm(9, 0))),
    )
    expect(verdicts.some((v) => v.kind === 'advance')).toBe(false)
  })

  test('at weight 0 there is nothing to judge, and an absent green is not missing', () => {
    const { verdicts, state } = run(
      setup,
      startJudge(setup, { at: 0 }),
      repeat(20, (i) => sample(i, null, arm(1000, 1), { weightGreen: 0 })),
    )
    expect(verdicts.every((v) => v.kind === 'hold' && v.cause === 'no traffic')).toBe(true)
    expect(state.blueTotal.errors).toMatchObject({ xb: 20, nb: 20_000 })
    expect(state.waiting).toEqual({})
  })
})

describe('what could not be measured', () => {
  const setup = judgeSetup('checkout', { proof: { needed: 20, rho: 1.5, tolerated: 0.01 } })
  const good = repeat(12, (i) => sample(i, arm(50, 0), arm(950, 1)))

  test.each([
    ['green', null, arm(950, 1)],
    ['blue', arm(50, 0), null],
    ['both', null, null],
  ] as const)('%s missing for more than two intervals is blind, and never advances', (missing, green, blue) => {
    const { verdicts } = run(setup, at5(setup), [...good, ...repeat(10, (i) => sample(i, green, blue), 13)])
    expect(verdicts[11]?.kind).toBe('advance')
    expect(verdicts.slice(14).every((v) => v.kind === 'blind' && v.missing === missing && v.since === 60_000)).toBe(
      true,
    )
    expect(verdicts.at(-1)?.because).toMatch(/^could not measure: .* measured in the last 50 s/)
  })

  test('silence without any sample is blind too', () => {
    const { state } = run(setup, at5(setup), good)
    expect(verdictAt(setup, state, 70_000).kind).toBe('advance')
    expect(verdictAt(setup, state, 70_001)).toMatchObject({ kind: 'blind', missing: 'both' })
    expect(verdictAt(setup, at5(setup), 11_000)).toMatchObject({ kind: 'blind', missing: 'both', since: 0 })
  })

  test('one missed scrape is not blind, and the next one is judged over the longer block', () => {
    const gap = run(setup, at5(setup), [...good, sample(13, null, arm(950, 1)), sample(14, arm(101, 2), arm(950, 0))])
    const whole = run(setup, at5(setup), [...good, sample(14, arm(101, 2), arm(1900, 1))])
    expect(gap.verdicts[12]?.kind).toBe('advance')
    expect(gap.state.evidence).toEqual(whole.state.evidence)
    expect(gap.state.waiting).toEqual({})
  })

  test('when arms are missed in turn, both wait until one sample has both', () => {
    const turns = run(setup, at5(setup), [
      ...good,
      sample(13, null, arm(900, 1)),
      sample(14, arm(100, 1), null),
      sample(15, arm(50, 0), arm(1900, 1)),
    ])
    const whole = run(setup, at5(setup), [...good, sample(15, arm(150, 1), arm(2800, 2))])
    expect(turns.state.evidence).toEqual(whole.state.evidence)
  })

  test('counts that are no numbers are not measured', () => {
    const { verdict, state } = run(setup, at5(setup), [
      ...good,
      ...repeat(10, (i) => sample(i, arm(Number.NaN, 0), arm(950, -1)), 13),
    ])
    expect(verdict).toMatchObject({ kind: 'blind', missing: 'both' })
    expect(state.evidence.errors.counter.E).toBeGreaterThan(0)
  })

  test('a rollback that was found stays found while blind', () => {
    const { verdict } = run(setup, at5(setup), [
      sample(1, arm(50, 50), arm(950, 1)),
      ...repeat(9, (i) => sample(i, null, null), 2),
    ])
    expect(verdict.kind).toBe('roll back')
  })
})

describe('at 100 %', () => {
  const setup = judgeSetup('checkout', { proof: { needed: 20, rho: 1.5, tolerated: 0.01 } })
  const before = run(
    setup,
    at5(setup),
    repeat(40, (i) => sample(i, arm(50, 0), arm(950, 1))),
  ).state
  const full = enterStep(before, { at: 200_000, weightGreen: 100 })
  const alone = (i: number, errors: number) => sample(i, arm(1000, errors), null, { weightGreen: 100 })

  test('an absent blue is not missing, and green can be proven against blue as it was', () => {
    const { verdicts } = run(
      setup,
      full,
      repeat(12, (i) => alone(i, 1), 41),
    )
    expect(verdicts.map((v) => v.kind)).toEqual([...Array(11).fill('hold'), 'advance'])
    expect(verdicts.at(-1)?.evidence.frozenErrorRate).toBeCloseTo(
      (1.2 * (40 + 2 + 1.645 * Math.sqrt(41))) / 38_000 + 0.0003,
      12,
    )
  })

  test('a green that fails more than blue did is rolled back', () => {
    const { verdict } = run(
      setup,
      full,
      repeat(20, (i) => alone(i, 10), 41),
    )
    expect(verdict).toMatchObject({ kind: 'roll back', cause: 'evidence' })
  })

  test('a green that answers only errors trips the guard without blue', () => {
    const { verdicts } = run(
      setup,
      full,
      repeat(2, (i) => alone(i, 900), 41),
    )
    expect(verdicts[0]).toMatchObject({ kind: 'roll back', cause: 'guard' })
  })

  test('a missing green is blind there too', () => {
    const { verdict } = run(
      setup,
      full,
      repeat(4, (i) => sample(i, null, null, { weightGreen: 100 }), 41),
    )
    expect(verdict).toMatchObject({ kind: 'blind', missing: 'green' })
  })

  test('the reference is frozen once per attempt, and again with all blue counts in the next', () => {
    const again = enterStep(enterStep(full, { at: 210_000, weightGreen: 50 }), { at: 220_000, weightGreen: 100 })
    expect(again.frozen).toEqual(full.frozen)
    const next = startAttempt(setup, again, { at: 300_000 })
    expect(next).toMatchObject({
      attempt: 2,
      frozen: null,
      latched: null,
      blueTotal: { errors: { xb: 40, nb: 38_000 } },
    })
    expect(next.evidence.errors.counter.E).toBe(1)
  })

  test('a blue without a single request gives no reference, and says so', () => {
    const none = enterStep(startJudge(setup, { at: 0 }), { at: 0, weightGreen: 100 })
    const { verdict } = run(
      setup,
      none,
      repeat(20, (i) => alone(i, 10)),
    )
    expect(verdict).toMatchObject({ kind: 'hold', cause: 'unproven' })
    expect(verdict.evidence.checks[0]?.note).toContain('blue had no request')
  })
})

describe('100 % at once, where blue was never beside it', () => {
  const setup = judgeSetup('checkout')
  const alone = (i: number, requests: number, errors: number) =>
    sample(i, arm(requests, errors), null, { weightGreen: 100 })
  const begun = (blue: Arm | null, differs = setup) =>
    enterStep(startJudge(differs, { at: 0, blue }), { at: 0, weightGreen: 100 })

  test('is judged by what blue did in this release before', () => {
    const failing = run(
      setup,
      begun(arm(20_000, 20)),
      repeat(3, (i) => alone(i, 50, 50)),
    )
    expect(failing.verdict).toMatchObject({ kind: 'roll back', cause: 'guard' })
    expect(failing.verdict.evidence.frozenErrorRate).toBeCloseTo((1.2 * (22 + 1.645 * Math.sqrt(21))) / 20_000 + 0.0003)
    const well = run(
      setup,
      begun(arm(20_000, 20)),
      repeat(400, (i) => alone(i, 500, i % 2)),
    )
    expect(well.verdicts.some((one) => one.kind === 'roll back')).toBe(false)
    expect(well.verdict).toMatchObject({ kind: 'advance', how: 'proven' })
  })

  test('with slow answers it is judged by how slow blue was before', () => {
    const slow = (n: number, over: number): Histogram => ({
      ...{ boundsMs: [100, 250], atOrBelow: [n - 3 * over, n - over], count: n },
    })
    const blue = arm(20_000, 20, { latency: slow(20_000, 600) })
    const judged = judgeSetup('checkout', { latency: latencySetup(blue.latency), warmUpMs: 0 })
    const { verdict } = run(
      judged,
      begun(blue, judged),
      repeat(40, (i) => sample(i, arm(500, 0, { latency: slow(500, 60) }), null, { weightGreen: 100 })),
    )
    expect(verdict).toMatchObject({ kind: 'roll back', cause: 'evidence' })
  })

  test('with nothing known of blue, a green that fails much is held for a person, and never passes by time', () => {
    for (const blue of [null, arm(3, 0)]) {
      const { verdicts, verdict, state } = run(
        setup,
        begun(blue),
        repeat(500, (i) => alone(i, 50, 15)),
      )
      expect(verdicts.slice(2).every((one) => one.kind !== 'advance')).toBe(true)
      if (blue !== null) continue
      expect(verdicts[1]).toMatchObject({ kind: 'hold', cause: 'failures', until: 'person' })
      expect(verdict.because).toBe(
        'green failed 45 of 150 (30 %), and nothing of blue was measured in this release to compare it with',
      )
      expect(speaksAgainstGreen(verdict)).toBe(true)
      expect(verdictAt(setup, acceptCheck(state, 'failures'), 500 * 5000)).toMatchObject({ how: 'timed' })
    }
  })

  test('so few requests that nothing trips are no way past it either', () => {
    for (const blue of [null, arm(4, 0)]) {
      const failing = run(
        setup,
        begun(blue),
        repeat(400, (i) => alone(i, i % 40 === 0 ? 1 : 0, i % 40 === 0 ? 1 : 0)),
      )
      expect(failing.verdicts.some((one) => one.kind === 'advance')).toBe(false)
    }
    const well = run(
      setup,
      begun(null),
      repeat(400, (i) => alone(i, i % 40 === 0 ? 1 : 0, i === 40 ? 1 : 0)),
    )
    expect(well.verdict).toMatchObject({ kind: 'advance', how: 'timed' })
  })

  test('a blue that failed as much is reason enough', () => {
    const { verdicts } = run(
      setup,
      begun(arm(100, 40)),
      repeat(400, (i) => alone(i, 5, 2)),
    )
    expect(verdicts.every((one) => one.kind !== 'roll back')).toBe(true)
    expect(verdicts.at(-1)).toMatchObject({ kind: 'advance' })
  })
})

describe('latency', () => {
  const histogram = (n: number, over250: number): Histogram => ({
    boundsMs: BOUNDS,
    atOrBelow: [n * 0.2, n - 4 * over250, n - over250],
    count: n,
  })
  const latency = latencySetup(histogram(100_000, 3000))
  const setup = judgeSetup('checkout', { latency, warmUpMs: 0 })
  const slow = (green: number) => (i: number) =>
    sample(i, arm(500, 0, { latency: histogram(500, green) }), arm(500, 0, { latency: histogram(500, 15) }), {
      weightGreen: 50,
    })
  const at50 = (one: JudgeSetup) => enterStep(startJudge(one, { at: 0 }), { at: 0, weightGreen: 50 })

  test('thresholds come from blue, with both margins', () => {
    expect(latency).toMatchObject({ kind: 'judged', thresholds: [{ ms: 100 }, { ms: 250 }] })
    if (latency.kind !== 'judged') throw new Error()
    for (const { rhoHold, rhoRollback } of latency.thresholds) {
      expect(rhoHold).toBeGreaterThan(1)
      expect(rhoRollback).toBeCloseTo(rhoHold ** (Math.log(1.25) / Math.log(1.05)), 9)
    }
  })

  test('far beyond the rollback margin it rolls back', () => {
    expect(run(setup, at50(setup), repeat(40, slow(60))).verdict).toMatchObject({
      kind: 'roll back',
      cause: 'evidence',
    })
  })

  test('between the margins it holds until a person decides, who may accept it', () => {
    const { verdict, state } = run(setup, at50(setup), repeat(400, slow(19)))
    expect(verdict).toMatchObject({ kind: 'hold', cause: 'latency', until: 'person' })
    expect(verdictAt(setup, acceptCheck(state, 'latency within margin'), 400 * 5000)).not.toMatchObject({
      cause: 'latency',
    })
  })

  test('a histogram without a usable bound is not judged, counts as 1, and is said to be so', () => {
    const none = latencySetup({ boundsMs: [50], atOrBelow: [10], count: 100 })
    expect(none.kind).toBe('not judged')
    const one = judgeSetup('checkout', { latency: none })
    const { verdict } = run(one, at50(one), repeat(3, slow(60)))
    expect(verdict.evidence.checks[1]).toMatchObject({
      check: 'latency',
      E: 1,
      weight: 0.5,
      note: expect.stringContaining('not judged'),
    })
  })

  test('cold starts: where young replicas cannot be told apart, latency waits after each raise, and may only hold', () => {
    const warming = { ...setup, warmUpMs: 60_000 }
    const { verdicts, state } = run(warming, at50(warming), [...repeat(12, slow(200)), ...repeat(30, slow(15), 13)])
    expect(verdicts.some((v) => v.kind === 'roll back')).toBe(false)
    expect(verdicts[5]).toMatchObject({ kind: 'hold', cause: 'warming up' })
    expect(verdicts[12]).not.toMatchObject({ cause: 'warming up' })
    expect(state.evidence.latency[0]?.rollback.counter.t).toBe(30)
    const raised = enterStep(state, { at: 210_000, weightGreen: 100 })
    expect(raised.evidence.latency[0]?.warming.counter.t).toBe(0)
  })

  test('cold starts: where they can be told apart, only the old ones count', () => {
    const warming = { ...setup, warmUpMs: 60_000 }
    const apart = (i: number) => {
      const green = arm(500, 0, { latency: histogram(300, 9), youngLatency: histogram(200, 150) })
      return sample(i, green, arm(500, 0, { latency: histogram(500, 15) }), { weightGreen: 50 })
    }
    const { verdict, state } = run(warming, at50(warming), repeat(30, apart))
    expect(verdict).toMatchObject({ kind: 'hold', cause: 'warming up', until: 'passes' })
    expect(state.evidence.latency[0]?.rollback.counter.t).toBe(30)
    expect(verdict.evidence.E).toBeLessThan(1)
  })
})

describe('counters that must not fall', () => {
  const setup = judgeSetup('checkout', { drops: [throughputSetup(0.8), businessSetup('orders')] })
  const assigned = { blue: 950, green: 50 }
  test('requests that green never answers are seen in throughput, though it reports no error', () => {
    const { verdict } = run(
      setup,
      at5(setup),
      repeat(20, (i) => sample(i, arm(0, 0), arm(950, 1), { assigned })),
    )
    expect(verdict).toMatchObject({ kind: 'roll back', cause: 'evidence' })
    expect(verdict.because).toContain('most of it from throughput')
  })
  test('at 100 % an absolute limit takes the place of blue', () => {
    const full = enterStep(startJudge(setup, { at: 0 }), { at: 0, weightGreen: 100 })
    const { verdict } = run(
      setup,
      full,
      repeat(20, (i) => sample(i, arm(500, 0), null, { assigned: { blue: 0, green: 1000 }, weightGreen: 100 })),
    )
    expect(verdict).toMatchObject({ kind: 'roll back' })
  })
  test('where the router or an arm was not read once, throughput compares the same time all the same', () => {
    const whole = [sample(3, arm(150, 0), arm(2850, 0), { assigned: { blue: 2850, green: 150 } })]
    const gaps = [
      sample(1, arm(50, 0), arm(950, 0)),
      sample(2, null, arm(950, 0), { assigned: { blue: 1900, green: 100 } }),
      sample(3, arm(100, 0), arm(950, 0), { assigned }),
    ]
    expect(run(setup, at5(setup), gaps).state.evidence.drops).toEqual(
      run(setup, at5(setup), whole).state.evidence.drops,
    )
  })
  test('orders that fall are seen, and unknown assignments only wait', () => {
    const orders = (i: number, green: number) =>
      sample(i, arm(50, 0, { business: { orders: green } }), arm(950, 0, { business: { orders: 95 } }), { assigned })
    expect(
      run(
        setup,
        at5(setup),
        repeat(60, (i) => orders(i, 0)),
      ).verdict.because,
    ).toContain('orders')
    expect(
      run(
        setup,
        at5(setup),
        repeat(60, (i) => orders(i, 5)),
      ).verdict.evidence.E,
    ).toBeLessThan(1)
    const unknown = run(
      setup,
      at5(setup),
      repeat(5, (i) => sample(i, arm(50, 0), arm(950, 0))),
    )
    expect(unknown.state.evidence.drops.map((one) => one.t)).toEqual([0, 0])
  })
})

test('the defaults are those of the design, and can be changed one by one', () => {
  const setup = judgeSetup('checkout')
  expect(setup).toMatchObject({ intervalMs: 5000, c: 360, alpha: 0.01, holdAt: 5, warmUpMs: 240_000 })
  expect(setup.errors).toEqual({ rho: 1.2, delta: 0.0003, phi: 2, holdOnly: false })
  expect(setup.proof).toEqual({ needed: 20, rho: 1.5, tolerated: 0.0005 })
  expect([toleratedFailures(49), toleratedFailures(50)]).toEqual([0.002, 0.0005])
  expect(judgeSetup('checkout', { intervalMs: 1000 }).c).toBe(1800)
  expect(judgeSetup('checkout', { intervalMs: 1000, c: 60 })).toMatchObject({ intervalMs: 1000, c: 60 })
})

describe('gauges', () => {
  const gauge = { name: 'cpu', margin: 0.1, limit: 0.95, blockMs: 30_000 }
  const setup = judgeSetup('checkout', { gauges: [gauge] })
  const level = (green: number) => (i: number) =>
    sample(i, arm(50, 0), arm(950, 1), { gauges: { cpu: { blue: 0.5, green } } })
  test('higher on green holds, and never rolls back by itself', () => {
    const { verdict, state } = run(setup, at5(setup), repeat(20 * 6, level(0.7)))
    expect(state.evidence.gauges[0]?.process.t).toBe(20)
    expect(verdict).toMatchObject({ kind: 'hold', cause: 'gauge', until: 'person' })
  })
  test('beyond its absolute limit it rolls back', () => {
    expect(run(setup, at5(setup), repeat(6, level(0.97))).verdict).toMatchObject({ kind: 'roll back', cause: 'limit' })
  })
  test('within its margin it says nothing', () => {
    expect(run(setup, at5(setup), repeat(120, level(0.54))).verdict.kind).toBe('advance')
  })
})

describe('objectives and noisy checks', () => {
  test('damage to something shared is seen by the objective, where comparison is blind', () => {
    const setup = judgeSetup('checkout', { objectives: { errorRatio: 0.01, slow: null } })
    const { verdict } = run(
      setup,
      at5(setup),
      repeat(60, (i) => sample(i, arm(500, 25), arm(500, 25), { weightGreen: 50 })),
    )
    expect(verdict).toMatchObject({ kind: 'roll back' })
    expect(verdict.because).toContain('errors objective')
  })
  test('a check too noisy on blue may only hold', () => {
    const setup = judgeSetup('checkout', { errors: { rho: 1.2, delta: 0.0003, phi: 16, holdOnly: true } })
    const { verdict } = run(
      setup,
      at5(setup),
      repeat(40, (i) => sample(i, arm(50, 5), arm(950, 1))),
    )
    expect(verdict).toMatchObject({ kind: 'hold', cause: 'noisy check', until: 'person' })
  })
})

test('a state that goes through JSON at every sample gives the same verdicts, bit for bit', () => {
  const setup = judgeSetup('checkout', {
    drops: [throughputSetup(0.8)],
    latency: latencySetup({ boundsMs: BOUNDS, atOrBelow: [800, 950, 990], count: 1000 }),
    warmUpMs: 30_000,
  })
  const random = seeded(7)
  const traffic: Traffic = {
    perSecond: 200,
    weightGreen: 5,
    errorBlue: 0.002,
    errorGreen: 0.004,
    slow: { blue: [0.01, 0.05], green: [0.012, 0.06] },
  }
  let plain = at5(setup)
  let stored = JSON.parse(JSON.stringify(plain)) as JudgeState
  for (let i = 1; i <= 300; i++) {
    if (i % 50 === 0) {
      const step = { at: i * 5000 - 2500, weightGreen: i === 250 ? 100 : 5 + i / 10 }
      plain = enterStep(plain, step)
      stored = enterStep(stored, step)
    }
    const made = trafficSample({ ...traffic, weightGreen: plain.step.weightGreen }, i * 5000, random)
    const one = i % 17 === 0 ? { ...made, green: null } : made
    const a = judgeSample(setup, plain, one)
    const b = judgeSample(setup, stored, one)
    expect(b.verdict).toEqual(a.verdict)
    plain = a.state
    stored = JSON.parse(JSON.stringify(b.state)) as JudgeState
    expect(stored).toEqual(plain)
  }
})
