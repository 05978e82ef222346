/**
 * Puts bugs into a copy of the sources, and looks whether they are found: see docs/reliability.md.
 *
 *     npm run mutants -- [NAME...] [--releases N] [--seed S] [--workers W] [--sample N] [--write]
 */
import { runMutants } from '../src/rehearsal/testing/mutants/run-mutants.ts'

process.exitCode = await runMutants(process.argv.slice(2), console.log, console.error)
