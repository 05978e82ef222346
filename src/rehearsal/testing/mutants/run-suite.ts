import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

export type SuiteResult =
  | { readonly kind: 'passed'; readonly tests: number }
  | { readonly kind: 'failed'; readonly test: string; readonly message: string }
  /** There is nothing to run it on. */
  | { readonly kind: 'skipped' }
  | { readonly kind: 'broken'; readonly because: string }

const reportSchema = z.object({
  numPassedTests: z.number(),
  testResults: z.array(
    z.object({
      message: z.string(),
      status: z.string(),
      assertionResults: z.array(
        z.object({
          title: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
})

/** A test that waits for what never comes need not wait as long as it may elsewhere. */
const testTimeoutMs = 20_000

/** Runs the tests of a suite of which the name matches, in a folder with sources, until the first that fails. */
export const runSuite = async (folder: string, path: string, tests: string): Promise<SuiteResult> => {
  const reports = mkdtempSync(join(tmpdir(), 'titrate-mutants-report-'))
  const report = join(reports, 'report.json')
  try {
    const output = await vitest(folder, [
      ...['run', '--project', 'unit', path, '-t', tests, '--bail=1', `--testTimeout=${testTimeoutMs}`],
      ...['--reporter=json', `--outputFile=${report}`],
    ])
    return resultOf(readReport(report), output)
  } finally {
    rmSync(reports, { recursive: true, force: true })
  }
}

const readReport = (file: string): z.infer<typeof reportSchema> | null => {
  try {
    return reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return null
  }
}

const resultOf = (report: z.infer<typeof reportSchema> | null, output: string): SuiteResult => {
  if (report === null) return { kind: 'broken', because: `vitest left no report: ${output.slice(-500)}` }
  const all = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  const failed = all.find(({ status }) => status === 'failed')
  if (failed !== undefined)
    return { kind: 'failed', test: failed.title, message: failed.failureMessages?.[0]?.split('\n')[0] ?? '' }
  const unloaded = report.testResults.find(({ status }) => status === 'failed')
  if (unloaded !== undefined) return { kind: 'broken', because: unloaded.message }
  return report.numPassedTests === 0 ? { kind: 'skipped' } : { kind: 'passed', tests: report.numPassedTests }
}

const vitest = (cwd: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const program = join(cwd, 'node_modules/vitest/vitest.mjs')
    const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const collect = (chunk: Buffer): void => void (output += chunk.toString())
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.once('error', reject)
    child.once('close', () => resolve(output))
  })
