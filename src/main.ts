import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runProgram } from './cli/run-program.ts'
import { tellError } from './cli/tell-error.ts'
import { demoCommand } from './main/demo-command.ts'

/** The command line that starts this program again, for daemons and the demo's engine: with its compile cache, which halves a start. */
const program = [process.execPath, fileURLToPath(new URL('../bin/titrate.mjs', import.meta.url))] as const

const version = (): string => {
  // One folder up both from src/ and from dist/.
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version // our own package.json
}

// The only place that wires everything, and the only one that ends the process. Help needs none of it, so all is loaded late.
const deps = async () => {
  const { createDeps, signalOfInterrupts } = await import('./main/deps.ts')
  const wiring = async () => (await import('./main/wiring.ts')).createWiring(version())
  return createDeps({ program, version: version(), wiring, signal: signalOfInterrupts() })
}

// A fault that nobody waited for ends the program all the same, but in words.
process.on('unhandledRejection', (error) => {
  process.stderr.write(tellError(error))
  process.exit(1)
})

process.exitCode = await runProgram(process.argv.slice(2), deps, { version, extra: { demo: demoCommand(program) } })
