/**
 * Plays whole releases on a simulated world, and checks the invariants after every event: see docs/reliability.md.
 *
 *     npm run simulate -- [--releases N] [--seconds T] [--seed S] [--workers W] [--replay SEED]
 *
 * Ctrl-C (or SIGTERM) ends it early, with what was found until then.
 */
import { simulate } from '../src/rehearsal/testing/simulate.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(signal))
process.exitCode = await simulate(process.argv.slice(2), console.log, console.error, stop.signal)
