/** A thread of `judge-scale.ts`: computes one part after another. */
import process from 'node:process'
import { parentPort } from 'node:worker_threads'
import { cellsFor } from '../src/rehearsal/judge-scale/cells.ts'
import { runCell } from '../src/rehearsal/judge-scale/run-cell.ts'
import type { Part } from '../src/rehearsal/judge-scale/study.ts'

export type Order = { readonly index: number; readonly part: Part; readonly seed: number; readonly hours: number }

if (parentPort === null) {
  console.error('This is a thread of scripts/judge-scale.ts, which starts it.')
  process.exitCode = 2
}

parentPort?.on('message', ({ index, part, seed, hours }: Order) => {
  const cell = cellsFor(hours)[part.cell]
  if (cell === undefined) throw new Error(`there is no cell ${part.cell} in a study of ${hours} hours`)
  parentPort?.postMessage({ index, result: runCell(cell, seed, part) })
})
