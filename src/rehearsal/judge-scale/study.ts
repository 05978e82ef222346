import { type Cell, cellsFor } from './cells.ts'
import { addResults, type CellResult } from './run-cell.ts'

/** Everything that was simulated, and what came of it; the same for a seed and a size, whoever computed which part. */
export type Study = {
  readonly version: 1
  readonly seed: number
  readonly hours: number
  readonly cells: readonly { readonly cell: Cell; readonly result: CellResult }[]
}

/** A part of the work: some releases of one cell. */
export type Part = { readonly cell: number; readonly from: number; readonly to: number }

/** Small enough that threads end together, large enough that passing them costs nothing. */
const RUNS_OF_A_PART = 20

export const partsOf = (hours: number): readonly Part[] =>
  cellsFor(hours).flatMap(({ runs }, cell) =>
    Array.from({ length: Math.ceil(runs / RUNS_OF_A_PART) }, (_, part) => ({
      cell,
      from: part * RUNS_OF_A_PART,
      to: Math.min(runs, (part + 1) * RUNS_OF_A_PART),
    })),
  )

/** `results` in the order of `partsOf`. */
export const studyOf = (seed: number, hours: number, results: readonly CellResult[]): Study => {
  const sums = new Map<number, CellResult>()
  for (const [i, part] of partsOf(hours).entries()) {
    const result = results[i]
    if (result !== undefined) sums.set(part.cell, addResults(sums.get(part.cell) ?? {}, result))
  }
  return {
    version: 1,
    seed,
    hours,
    cells: cellsFor(hours).map((cell, i) => ({ cell, result: sums.get(i) ?? {} })),
  }
}
