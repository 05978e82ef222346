/** `npm run judge:reference -- FILE`: checks the judge against reference values; exit 1 if any case differs. */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { checkReference, type ReferenceResult } from '../src/judge/reference.ts'

const read = (file: string): ReferenceResult => {
  try {
    return checkReference(readFileSync(file, 'utf8'))
  } catch (error) {
    return { kind: 'unreadable', because: error instanceof Error ? error.message : String(error) }
  }
}

const main = (args: readonly string[]): number => {
  const [file] = args
  if (file === undefined || args.length > 1) {
    console.error('Usage: npm run judge:reference -- FILE (a file such as test/fixtures/judge-reference.json)')
    return 2
  }
  const result = read(file)
  if (result.kind === 'unreadable') {
    console.error(`${file} could not be checked: ${result.because}`)
    return 1
  }
  for (const { id, fn, faults } of result.cases) {
    console.log(`${faults.length === 0 ? 'passed' : 'FAILED'}  ${id} (${fn})`)
    for (const fault of faults) console.log(`        ${fault}`)
  }
  console.log(`${result.passed} passed, ${result.failed} failed`)
  return result.failed === 0 ? 0 : 1
}

process.exitCode = main(process.argv.slice(2))
