import { signalOfProcess, superviseEnvironment } from '../daemon.ts'

/** The supervisor as a program, for tests: FILE [--asleep]. */
const [file, asleep] = process.argv.slice(2)
if (file === undefined) throw new Error('which environment file?')
await superviseEnvironment(file, { asleep: asleep === '--asleep' }, signalOfProcess()).catch((error: unknown) => {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error)
  process.exitCode = 1
})
