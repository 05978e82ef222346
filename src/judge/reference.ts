import { errorEvidence, pairEvidence, signBets, stepErrors, stepSlow } from './checks.ts'
import { counterBets, counterLlr, oneSampleBets } from './counter.ts'
import { measureDispersion } from './dispersion.ts'
import { ratioInterval } from './estimate.ts'
import { frozenRate } from './frozen-reference.ts'
import { FRACTION, HARM, JOB_RATIOS, NONINF, SIGN_FRACTION } from './grids.ts'
import { guardLimits, guardTrips } from './guard.ts'
import { jobBets, jobDurationP0, jobFailureP0 } from './job-judge.ts'
import { latencyRho, latencyThresholds } from './latency.ts'
import { cashAfter, newProcess, type Process, restartMoney, SAMPLE_CAP, type Schedule, stepProcess } from './process.ts'
import type { Block } from './sample.ts'
import { relativeShare, shareBets } from './share.ts'
import { newPair } from './state.ts'

/**
 * Checks the judge against a file of reference cases: `{ cases: [{ id, fn, in, out }] }`, numbers computed elsewhere to
 * many digits. Each case runs the very functions that judge a release.
 */
export type CaseResult = { readonly id: string; readonly fn: string; readonly faults: readonly string[] }
export type ReferenceResult =
  | {
      readonly kind: 'checked'
      readonly cases: readonly CaseResult[]
      readonly passed: number
      readonly failed: number
    }
  | { readonly kind: 'unreadable'; readonly because: string }

type Inputs = Readonly<Record<string, unknown>>

const TOLERANCE = 1e-9
const INTERVAL_TOLERANCE = 1e-6

export const checkReference = (text: string): ReferenceResult => {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    return { kind: 'unreadable', because: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  const cases = isRecord(document) ? document['cases'] : undefined
  if (!Array.isArray(cases))
    return { kind: 'unreadable', because: 'it has no list "cases": expected { "cases": [ { id, fn, in, out } ] }' }
  if (cases.length === 0) return { kind: 'unreadable', because: 'its list "cases" is empty: there is nothing to check' }
  const results = cases.map((one: unknown, i) => checkCase(one, i))
  const failed = results.filter((result) => result.faults.length > 0).length
  return { kind: 'checked', cases: results, passed: results.length - failed, failed }
}

const checkCase = (one: unknown, index: number): CaseResult => {
  const id = isRecord(one) && typeof one['id'] === 'string' ? one['id'] : `case ${index + 1}`
  const fn = isRecord(one) && typeof one['fn'] === 'string' ? one['fn'] : '?'
  const fail = (fault: string): CaseResult => ({ id, fn, faults: [fault] })
  if (!isRecord(one) || !isRecord(one['in']) || !isRecord(one['out']))
    return fail('expected an object with id, fn, in and out')
  const compute = formulas.get(fn)
  if (compute === undefined) return fail(`unknown fn "${fn}": expected one of ${[...formulas.keys()].join(', ')}`)
  try {
    const got = compute(one['in'])
    const tolerance = fn === 'ratioCS' ? INTERVAL_TOLERANCE : TOLERANCE
    const faults = Object.entries(one['out']).flatMap(([field, expected]) =>
      field in got
        ? differences(field, got[field], expected, tolerance)
        : [`${field}: fn ${fn} does not give this field`],
    )
    return { id, fn, faults: Object.keys(one['out']).length === 0 ? ['out is empty: nothing to compare'] : faults }
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

const differences = (path: string, got: unknown, expected: unknown, tolerance: number): readonly string[] => {
  if (Array.isArray(expected)) {
    if (!Array.isArray(got) || got.length !== expected.length)
      return [`${path}: expected ${expected.length} values, got ${Array.isArray(got) ? got.length : String(got)}`]
    return expected.flatMap((value, i) => differences(`${path}[${i}]`, got[i], value, tolerance))
  }
  return same(got, expected, tolerance) ? [] : [`${path}: expected ${String(expected)}, got ${String(got)}`]
}

const same = (got: unknown, expected: unknown, tolerance: number): boolean => {
  // An open end of an interval: null here, and infinity in files that can write it.
  if (got === null) return expected === null || (typeof expected === 'string' && /^\+?inf(inity)?$/i.test(expected))
  if (typeof got === 'number' && typeof expected === 'number')
    return got === expected || Math.abs(got - expected) <= tolerance * Math.max(Math.abs(expected), Number.MIN_VALUE)
  // "roll back" is one answer, however its words are joined.
  if (typeof got === 'string' && typeof expected === 'string') return joined(got) === joined(expected)
  return got === expected
}

const joined = (words: string): string => words.toLowerCase().replace(/[^a-z]/g, '')

// ── reading a case ─────────────────────────────────────────────────────────────────────────────────────────────────

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const number = (from: Inputs, field: string, otherwise?: number): number => {
  const value = from[field] ?? otherwise
  if (typeof value !== 'number')
    throw new Error(`in.${field}: expected a number, got ${JSON.stringify(value) ?? 'nothing'}`)
  return value
}

const numbers = (from: Inputs, field: string): readonly number[] => {
  const value = from[field]
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'number'))
    throw new Error(`in.${field}: expected a list of numbers, got ${JSON.stringify(value) ?? 'nothing'}`)
  return value
}

const rows = (from: Inputs, field: string, width: number): readonly (readonly number[])[] => {
  const value = from[field]
  if (!Array.isArray(value))
    throw new Error(`in.${field}: expected a list of rows, got ${JSON.stringify(value) ?? 'nothing'}`)
  return value.map((row: unknown, i) => {
    if (!Array.isArray(row) || row.length !== width || row.some((one) => typeof one !== 'number'))
      throw new Error(`in.${field}[${i}]: expected ${width} numbers, got ${JSON.stringify(row)}`)
    return row
  })
}

const blocks = (from: Inputs, field = 'ticks'): readonly Block[] =>
  rows(from, field, 4).map(([xg = 0, ng = 0, xb = 0, nb = 0]) => ({ xg, ng, xb, nb }))

const blockOf = (from: Inputs): Block => ({
  xg: number(from, 'xg'),
  ng: number(from, 'ng'),
  xb: number(from, 'xb'),
  nb: number(from, 'nb'),
})

const namedGrids: Readonly<Record<string, readonly number[]>> = { HARM, NONINF, FRACTION }

const gridOf = (from: Inputs, otherwise: string): readonly number[] => {
  const grid = from['grid'] ?? otherwise
  const found = Array.isArray(grid) ? numbers(from, 'grid') : typeof grid === 'string' ? namedGrids[grid] : undefined
  if (found === undefined) throw new Error(`in.grid: expected HARM, NONINF or FRACTION, got ${JSON.stringify(grid)}`)
  return found
}

/** Some functions have their grid built in: a file that asks for another one is told so. */
const onlyGrid = (from: Inputs, grid: readonly number[], name: string): void => {
  const asked = gridOf(from, name === 'FRACTION' ? name : 'HARM')
  if (from['grid'] !== undefined && (asked.length !== grid.length || asked.some((value, i) => value !== grid[i])))
    throw new Error(`in.grid: expected the grid ${name} (${grid.join(', ')}), got ${JSON.stringify(from['grid'])}`)
}

/** The largest factor of a sample; the file gives its logarithm. */
const capOf = (from: Inputs, otherwise: number | null): number | null => {
  const cap = from['cap']
  if (cap === undefined) return otherwise
  if (cap === null) return null
  if (typeof cap === 'number') return Math.exp(cap)
  if (cap === 'ln 10') return SAMPLE_CAP
  throw new Error(`in.cap: expected null, a number or "ln 10", got ${JSON.stringify(cap)}`)
}

const scheduleOf = (from: Inputs, otherwise: { readonly c: number; readonly cap: number | null }): Schedule => ({
  c: number(from, 'c', otherwise.c),
  pi1: number(from, 'pi1', 0.5),
  cap: capOf(from, otherwise.cap),
})

const SAMPLES = { c: 360, cap: SAMPLE_CAP } as const

/** The value of `step` folded over the ticks, after each of them. */
const trace = <State, Tick>(
  ticks: readonly Tick[],
  start: State,
  step: (state: State, tick: Tick) => State,
): readonly State[] => {
  let state = start
  return ticks.map((tick) => {
    state = step(state, tick)
    return state
  })
}

const evidences = (processes: readonly Process[]): readonly number[] => processes.map((process) => process.E)

/** The composed checks of a release have the schedule of samples built in, but for c. */
const composed = (from: Inputs): number => {
  const { pi1, cap, c } = scheduleOf(from, SAMPLES)
  if (pi1 !== 0.5 || cap !== SAMPLE_CAP) throw new Error('in.pi1 and in.cap: this check has 0.5 and "ln 10" built in')
  return c
}

// ── the functions of the judge, as the file calls them ─────────────────────────────────────────────────────────────

const formulas = new Map<string, (from: Inputs) => Readonly<Record<string, unknown>>>([
  [
    'llr',
    (from) => ({ logE: counterLlr(blockOf(from), number(from, 'rho'), number(from, 'delta'), number(from, 'r')) }),
  ],
  [
    'mixtureFixedStart',
    (from) => {
      const margin = { rho: number(from, 'rho'), delta: number(from, 'delta'), phi: number(from, 'phi', 1) }
      const cap = capOf(from, null) ?? Number.POSITIVE_INFINITY
      const bets = counterBets(blockOf(from), margin, gridOf(from, 'HARM')).map((bet) => Math.min(bet, cap))
      return { E: bets.reduce((sum, bet) => sum + bet, 0) / bets.length }
    },
  ],
  [
    'restart',
    (from) => {
      const [t, c, pi1] = [number(from, 't'), number(from, 'c'), number(from, 'pi1', 0.5)]
      return { pi: restartMoney(t, c, pi1), cash: cashAfter(t, c, pi1) }
    },
  ],
  [
    'countProcess',
    (from) => {
      const margin = { rho: number(from, 'rho'), delta: number(from, 'delta'), phi: number(from, 'phi', 1) }
      const [grid, schedule] = [gridOf(from, 'HARM'), scheduleOf(from, SAMPLES)]
      return {
        E: evidences(
          trace(blocks(from), newProcess, (p, block) => stepProcess(p, counterBets(block, margin, grid), schedule)),
        ),
      }
    },
  ],
  [
    'shareProcess',
    (from) => {
      onlyGrid(from, FRACTION, 'FRACTION')
      const votes = blocks(from).map((block) => relativeShare(block, number(from, 'rho')))
      const schedule = scheduleOf(from, SAMPLES)
      return { R: votes, E: evidences(trace(votes, newProcess, (p, R) => stepProcess(p, shareBets(R), schedule))) }
    },
  ],
  [
    'latencyThresholdProcess',
    (from) => {
      const setup = { rho: number(from, 'rho'), phi: number(from, 'phi', 1), c: composed(from) }
      return { E: trace(blocks(from), newPair, (pair, block) => stepSlow(pair, block, setup)).map(pairEvidence) }
    },
  ],
  [
    'errorProcess',
    (from) => {
      const setup = {
        rho: number(from, 'rho'),
        delta: number(from, 'delta'),
        phi: number(from, 'phi', 1),
        c: composed(from),
      }
      const start = { counter: newProcess, relative: newProcess, absolute: newProcess }
      const steps = trace(blocks(from), start, (errors, block) => stepErrors(errors, block, setup))
      return {
        counter: evidences(steps.map((step) => step.counter)),
        relative: evidences(steps.map((step) => step.relative)),
        absolute: evidences(steps.map((step) => step.absolute)),
        E: steps.map(errorEvidence),
      }
    },
  ],
  [
    'latencyThresholds',
    (from) => {
      const [boundsMs, count] = [numbers(from, 'boundsMs'), number(from, 'blueTotal')]
      const atOrBelow = numbers(from, 'blueSlowerThan').map((slower) => count - slower)
      const thresholds = latencyThresholds(
        { boundsMs, atOrBelow, count },
        from['targets'] === undefined ? undefined : numbers(from, 'targets'),
      )
      const margin = number(from, 'latencyMargin', 0.05)
      return { thresholdsMs: thresholds.map(({ ms }) => ms), rho: thresholds.map((t) => latencyRho(t, margin)) }
    },
  ],
  [
    'dispersion',
    (from) => {
      const halves = rows(from, 'ticks', 4).map(([xA = 0, nA = 0, xB = 0, nB = 0]) => ({ xA, nA, xB, nB }))
      return measureDispersion(halves, { phi0: number(from, 'phi0', 2), n0: number(from, 'n0', 20) })
    },
  ],
  [
    'frozenReference',
    (from) => {
      const blue = { events: number(from, 'blueErrors'), requests: number(from, 'blueRequests') }
      return { lambda0: frozenRate(blue, { rho: number(from, 'rho'), delta: number(from, 'delta') }) }
    },
  ],
  [
    'oneSampleProcess',
    (from) => {
      const against = { lambda0: number(from, 'lambda0'), phi: number(from, 'phi', 1) }
      const [grid, schedule] = [gridOf(from, 'HARM'), scheduleOf(from, SAMPLES)]
      return {
        E: evidences(
          trace(rows(from, 'ticks', 2), newProcess, (p, [x = 0, n = 0]) =>
            stepProcess(p, oneSampleBets(x, n, against, grid), schedule),
          ),
        ),
      }
    },
  ],
  [
    'jobProcess',
    (from) => {
      onlyGrid(from, JOB_RATIOS, 'of jobs')
      const [p0, schedule] = [number(from, 'p0'), scheduleOf(from, { c: 20, cap: null })]
      return {
        E: evidences(
          trace(numbers(from, 'outcomes'), newProcess, (p, y) =>
            stepProcess(p, jobBets(y === 0 ? 0 : 1, p0), schedule),
          ),
        ),
      }
    },
  ],
  [
    'jobP0',
    (from) => ({
      p0: jobFailureP0(
        { failures: number(from, 'blueFailures'), runs: number(from, 'blueRuns') },
        { tolerated: number(from, 'tolerated', 0.02), floor: number(from, 'floor', 0.05) },
      ),
    }),
  ],
  [
    'durationP0',
    (from) => ({
      p0: jobDurationP0(number(from, 'blueRuns'), number(from, 'quantile', 0.9), number(from, 'dkwAlpha', 0.05)),
    }),
  ],
  [
    'signProcess',
    (from) => {
      onlyGrid(from, SIGN_FRACTION, 'of gauges')
      const schedule = scheduleOf(from, { c: 60, cap: null })
      return {
        E: evidences(
          trace(numbers(from, 'signs'), newProcess, (p, s) => stepProcess(p, signBets(s === 0 ? 0 : 1), schedule)),
        ),
      }
    },
  ],
  [
    'ratioCS',
    (from) => {
      if (number(from, 'delta', 0) !== 0) throw new Error('in.delta: the estimate is for delta 0 only')
      const alpha = number(from, 'alpha', 0.05)
      return { ...ratioInterval(blocks(from, 'blocks'), { eachSide: number(from, 'eachSide', alpha / 2) }) }
    },
  ],
  [
    'guard',
    (from) => ({
      trip: guardTrips(
        blocks(from),
        number(from, 'phi', 1),
        from['lambda0'] === undefined ? null : number(from, 'lambda0'),
        {
          ratio: number(from, 'frac', 0.2),
          multiple: number(from, 'mult', 4),
          errors: number(from, 'minErr', 5),
          chance: guardLimits.chance,
        },
      ),
    }),
  ],
  [
    'combine',
    (from) => {
      const weights = numbers(from, 'weights')
      const E = numbers(from, 'E').reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0)
      return {
        E,
        decision: E >= 1 / number(from, 'alpha') ? 'roll back' : E >= number(from, 'hold', 5) ? 'hold' : 'clear',
      }
    },
  ],
])
