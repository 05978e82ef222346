import { describe, expect, test } from 'vitest'
import { policyDefaults } from '../../config/defaults.ts'
import { judgeDefaults } from '../../judge/defaults.ts'
import { noFault } from '../streams/fault.ts'
import { HOUR } from '../streams/shape.ts'
import { createTrafficStream } from '../streams/traffic-stream.ts'
import { type Cell, cellsFor } from './cells.ts'
import { designRamp, runRelease } from './release-run.ts'
import { type RuleSetName, ruleSets } from './rule-sets.ts'
import { addResults, runCell } from './run-cell.ts'
import { partsOf, studyOf } from './study.ts'
import { tablesOf } from './tables.ts'
import { median, noRuns, type Tally } from './tally.ts'
import { defaultJudgePolicy } from './titrate-rules.ts'

/** Seeds are fixed, so each figure below is one known outcome and no chance; `npm run judge:scale` has the large numbers. */
const SEED = 1

const cellOf = (differs: Partial<Cell>): Cell => ({
  table: 'healthy, steady',
  shape: 'steady',
  perSecond: 1000,
  fault: noFault,
  ramp: 'given',
  length: HOUR,
  runs: 10,
  rules: ['Titrate'],
  ...differs,
})
const tallies = (differs: Partial<Cell>): Readonly<Record<RuleSetName, Tally>> => {
  const none = Object.fromEntries(Object.keys(ruleSets).map((name) => [name, noRuns]))
  return { ...none, ...runCell(cellOf(differs), SEED) } as Record<RuleSetName, Tally> // one for each name
}
const judged = (differs: Partial<Cell>): Tally => tallies(differs).Titrate
const errors = (ratio: number) => ({ kind: 'errors', ratio, from: 0 }) as const

describe('the judge on simulated traffic', () => {
  test('takes none of 60 healthy releases back, at 1 to 10,000 requests a second', () => {
    const each = [1, 10, 100, 1000, 10_000].map((perSecond) => judged({ perSecond, runs: 12 }))
    expect(each.map(({ rolledBack }) => rolledBack)).toEqual([0, 0, 0, 0, 0])
  })

  test.each(['bursts', 'incident on both sides', 'cold start', 'sticky users'] as const)(
    'takes no healthy release back for %s',
    (shape) => {
      const each = [10, 1000].map((perSecond) => judged({ shape, perSecond, runs: 3 }))
      expect(each.map(({ rolledBack }) => rolledBack)).toEqual([0, 0])
    },
  )

  test('catches 5 % errors at 1,000 requests a second within a minute, for about ten failed requests', () => {
    const { rolledBack, extraFailed, secondsToRollback } = judged({ fault: errors(0.05), runs: 20 })
    expect(rolledBack).toBe(20)
    expect(Math.max(...secondsToRollback)).toBeLessThanOrEqual(60)
    expect(extraFailed / 20).toBeGreaterThan(5)
    expect(extraFailed / 20).toBeLessThan(15)
  })

  test('catches 1 % errors at 100 requests a second within a quarter of an hour', () => {
    const { rolledBack, secondsToRollback } = judged({ perSecond: 100, fault: errors(0.01) })
    expect(rolledBack).toBe(10)
    expect(Math.max(...secondsToRollback)).toBeLessThanOrEqual(900)
  })

  test('costs users fewer failed requests than the rules of other tools on the same traffic', () => {
    const all = tallies({
      fault: errors(0.05),
      rules: ['Titrate', 'Argo 1 min', 'Flagger tutorial', 'Flagger chart', 'Kayenta 5 min'],
    })
    const costs = (rules: RuleSetName): number => all[rules].extraFailed / 10
    expect(costs('Titrate')).toBeLessThan(15)
    // 50 of the 5000 requests in 5 s go to green; it checks five times, a minute apart, and goes back at the sixth.
    expect(costs('Flagger tutorial')).toBeGreaterThan(150)
    expect(costs('Flagger tutorial')).toBeLessThan(205)
    expect(costs('Flagger chart')).toBeGreaterThan(60)
    expect(costs('Kayenta 5 min')).toBeGreaterThan(120)
    expect(costs('Kayenta 5 min')).toBeLessThan(180)
    expect(costs('Argo 1 min')).toBeGreaterThan(costs('Flagger tutorial'))
  })

  test('does not see 0.3 % errors at one request a second, and proves nothing there either', () => {
    const { rolledBack, proven } = judged({ perSecond: 1, fault: errors(0.003), ramp: 'own' })
    expect(rolledBack).toBe(0)
    expect(proven).toBe(0)
  })

  test('holds a green that is 10 % slower and takes back one that is twice as slow', () => {
    const tenth = judged({ fault: { kind: 'slow', factor: 1.1 }, runs: 4 })
    expect([tenth.rolledBack, tenth.heldAtEnd]).toEqual([0, 4])
    expect(judged({ fault: { kind: 'slow', factor: 2 }, runs: 4 }).rolledBack).toBe(4)
  })

  test('goes through its own ramp as soon as each step is proven', () => {
    const { proven, timed, secondsToAll } = judged({ ramp: 'own', runs: 4, length: HOUR / 4 })
    expect([proven, timed]).toEqual([16, 0])
    expect(secondsToAll).toHaveLength(4)
    expect(Math.max(...secondsToAll)).toBeLessThan(10 * 60)
  })
})

describe('the comparison', () => {
  test("judges with the release file's defaults", () => {
    const { judge, dwell } = policyDefaults
    expect(defaultJudgePolicy).toEqual({
      intervalMs: 5000,
      alpha: judge.alpha,
      errorRatio: judge.errors.ratio,
      errorDelta: judge.errors.delta,
      latencyMargin: judge.latency.margin,
      latencyRollbackMargin: judge.latency.rollbackMargin,
      throughputRatio: judge.throughput.ratio,
      toleratedExtra: null,
      warmUpMs: 240_000,
      maxErrorRatio: null,
      maxLatencySeconds: null,
      dispersion: null,
    })
    expect([judge.interval, judge.warmUp, judge.toleratedExtra, judge.dispersion]).toEqual(['5s', '4m', 'auto', 'auto'])
    expect([dwell.min, dwell.max]).toEqual(['60s', '30m'])
    expect(judgeDefaults.dwell).toEqual({ minMs: 60_000, maxMs: 1_800_000 })
    expect(ruleSets.Titrate.ownRamp).toEqual(policyDefaults.weights)
  })

  test('shows every rule set the same traffic on the ramp that is given', () => {
    const options = { seed: 5, shape: 'bursts', perSecond: 50, errorRatio: 0.001, fault: noFault } as const
    const stream = createTrafficStream({ ...options, before: HOUR, length: HOUR })
    const history = stream.history()
    const got = (['Argo 1 min', 'Argo 5 min', 'Titrate'] as const).map(
      (name) => runRelease(ruleSets[name], stream, { ramp: designRamp, length: HOUR, history }).onGreen,
    )
    expect(new Set(got).size).toBe(1)
  })

  test('gives the same for a seed, in one piece or in parts', () => {
    const cell = cellOf({ fault: errors(0.01), perSecond: 100, runs: 6, rules: ['Titrate', 'Flagger chart'] })
    const whole = runCell(cell, 3)
    expect(addResults(runCell(cell, 3, { from: 0, to: 2 }), runCell(cell, 3, { from: 2, to: 6 }))).toEqual(whole)
    expect(runCell(cell, 4)).not.toEqual(whole)
  })

  test('leaves no cell out of the parts, and no rule set out of the tables', () => {
    const hours = 60
    const cells = cellsFor(hours)
    const runs = cells.map((_, i) =>
      partsOf(hours).reduce((sum, { cell, from, to }) => sum + (cell === i ? to - from : 0), 0),
    )
    expect(runs).toEqual(cells.map((cell) => cell.runs))
    const one: Tally = { ...noRuns, runs: 20, rolledBack: 1, extraFailed: 5, secondsToRollback: [90] }
    const results = partsOf(hours).map(({ cell }) =>
      Object.fromEntries((cells[cell]?.rules ?? []).map((name) => [name, one])),
    )
    const tables = tablesOf(studyOf(7, hours, results))
    expect(tables).toContain('Seed 7, 60 healthy hours')
    expect(tables).toContain('0.3 in 90 s; missed 95 %')
    expect(tables).not.toMatch(/NaN|undefined|Infinity/)
    for (const name of Object.keys(ruleSets)) expect(tables).toContain(name)
  })

  test('has a middle of even and odd numbers, and none of nothing', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, null])
  })
})
