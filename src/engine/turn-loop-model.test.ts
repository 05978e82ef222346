/**
 * The turn loop on a real store, with all that it remembers and leaves out, against a reference that remembers nothing:
 * whatever happens, in whatever order, both decide the same. fast-check prints seed and path of what it finds; those that
 * were found stand below as examples.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { createRandom, randomPlan } from '../moves/testing/random-plan.ts'
import { type CheckedRelease, openCheckedRelease } from './testing/checked-release.ts'
import {
  ask,
  change,
  comeOut,
  fillsUp,
  goesWell,
  happenings,
  judge,
  type Nothing,
  passes,
  restarts,
} from './testing/happenings.ts'

const runs = Number(process.env['TITRATE_RUNS'] ?? 40)

let folder = ''
let count = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'titrate-model-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const play = async (seed: number, given: Iterable<fc.AsyncCommand<Nothing, CheckedRelease>>): Promise<void> => {
  const plan = randomPlan(createRandom(seed))
  if (plan === null) return
  count += 1
  const release = await openCheckedRelease(join(folder, 'journal.db'), `release ${count}`, plan)
  try {
    await release.turn()
    await fc.asyncModelRun(() => ({ model: {}, real: release }), given)
  } finally {
    await release.close()
  }
}

describe('the turn loop', () => {
  it.each<readonly [string, number, readonly fc.AsyncCommand<Nothing, CheckedRelease>[]]>([
    [
      'two services ask to go back right after a restart',
      36_648,
      [goesWell(5), passes(60_000), restarts, goesWell(1), judge(0, 'roll back', true)],
    ],
    ['somebody asks of a move whose outcome waits to be written', 0, [fillsUp, ask(0, 'resume', false), goesWell(1)]],
    [
      'a call ends while another one begins',
      3,
      [
        change(0, 'blue', 'version'),
        goesWell(1),
        comeOut(0, { kind: 'done', result: null }, true),
        judge(0, 'blind', false),
        passes(60_000),
        goesWell(1),
      ],
    ],
  ])('decides what the slow way decides: %s', async (_, seed, given) => play(seed, given))

  it(
    'decides what the slow way decides, whatever happens',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(100_000), fc.commands([...happenings], { maxCommands: 60, size: 'max' }), play),
        { numRuns: runs },
      )
    },
    60_000 + 2_000 * runs,
  )
})
