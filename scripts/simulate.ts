/**
 * Plays whole releases on a simulated world, and checks the invariants after every event: see docs/reliability.md.
 *
 *     npm run simulate -- [--releases N] [--seconds T] [--seed S] [--workers W] [--replay SEED]
 */
import { simulate } from '../src/rehearsal/testing/simulate.ts'

process.exitCode = await simulate(process.argv.slice(2), console.log, console.error)
