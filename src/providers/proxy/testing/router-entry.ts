import { runRouter } from '../daemon.ts'

/** A router as a program of its own, for tests and benches: `node router-entry.ts FILE`. */
const file = process.argv[2]
if (file === undefined) throw new Error('which router file?')
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
process.once('SIGINT', () => stop.abort())
await runRouter(file, stop.signal)
