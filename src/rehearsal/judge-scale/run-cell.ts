import { HOUR } from '../streams/shape.ts'
import { seedOf } from '../streams/stream-random.ts'
import { createTrafficStream } from '../streams/traffic-stream.ts'
import { type Cell, cellId } from './cells.ts'
import { designRamp, runRelease } from './release-run.ts'
import { type RuleSetName, ruleSets } from './rule-sets.ts'
import { addTallies, noRuns, type Tally, tallyOf } from './tally.ts'

/** Part of requests that fails on blue, and on a healthy green. */
export const BASE_ERRORS = 0.001
/** Samples of blue before each release, from which the judge learns how noisy it is: an hour. */
const BEFORE = HOUR

export type CellResult = Readonly<Partial<Record<RuleSetName, Tally>>>

/** Releases `from` to `to` (without it) of a cell: each rule set sees the same traffic. */
export const runCell = (
  cell: Cell,
  seed: number,
  runs: { readonly from: number; readonly to: number } = { from: 0, to: cell.runs },
): CellResult => {
  const { shape, perSecond, fault, length } = cell
  const name = hashOf(cellId(cell))
  const result: Partial<Record<RuleSetName, Tally>> = {}
  for (let run = runs.from; run < runs.to; run++) {
    const stream = createTrafficStream({
      seed: seedOf(seed, name, run),
      shape,
      perSecond,
      errorRatio: BASE_ERRORS,
      fault,
      before: BEFORE,
      length,
    })
    const history = stream.history()
    const ramp = cell.ramp === 'own' ? ({ kind: 'own' } as const) : designRamp
    for (const rules of cell.rules) {
      const outcome = runRelease(ruleSets[rules], stream, { ramp, length, history })
      const from = fault.kind === 'errors' ? fault.from : 0
      result[rules] = addTallies(result[rules] ?? noRuns, tallyOf(outcome, from))
    }
  }
  return result
}

export const addResults = (a: CellResult, b: CellResult): CellResult => {
  const sum: Partial<Record<RuleSetName, Tally>> = { ...a }
  // Only names of rule sets are ever put in.
  for (const [rules, tally] of Object.entries(b) as [RuleSetName, Tally][])
    sum[rules] = addTallies(sum[rules] ?? noRuns, tally)
  return sum
}

/** FNV-1a. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (const letter of text) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}
