/**
 * Runs one suite and ends with a plain line: `N passed, N failed`, and `, N skipped` when there are some.
 *
 *     node scripts/run-tests.ts SUITE [VITEST ARGUMENT...]
 *
 * Vitest's own summary is for people and changes between versions; its JSON report is what gets counted.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { printTally, type Tally } from './tally.ts'

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ name: z.string(), status: z.string(), assertionResults: z.array(z.unknown()) })),
})

/** Counts tests; a file that could not be loaded, which has none, counts as one that failed. */
const tallyOf = (report: z.infer<typeof reportSchema>): Tally => {
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

const readTally = (file: string): Tally => {
  try {
    return tallyOf(reportSchema.parse(JSON.parse(readFileSync(file, 'utf8'))))
  } catch (error) {
    console.error(`Vitest left no report that can be read: ${error instanceof Error ? error.message : String(error)}`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

const runSuite = (suite: string, args: readonly string[]): void => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-tests-'))
  const report = join(folder, 'report.json')
  const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', suite, ...reporters, ...args], {
    stdio: 'inherit',
  })
  const tally = readTally(report)
  rmSync(folder, { recursive: true, force: true })
  // Vitest also fails for errors outside of any test, and when it found no tests at all.
  const failedOutside = status !== 0 && tally.failed === 0
  printTally(failedOutside ? { ...tally, failed: 1 } : tally)
}

const [suite, ...args] = process.argv.slice(2)
if (suite === undefined) {
  console.error('Usage: node scripts/run-tests.ts SUITE [VITEST ARGUMENT...]')
  process.exitCode = 2
} else runSuite(suite, args)
