/** `npm run check`: everything about the code that can be told without running it. CI runs the same. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { printTally } from './tally.ts'

type Check = { readonly name: string; readonly run: readonly [program: string, ...args: string[]] }

const checks: readonly Check[] = [
  { name: 'types', run: ['@typescript/native/bin/tsc', '--noEmit'] },
  { name: 'lint', run: ['oxlint/bin/oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', run: ['@biomejs/biome/bin/biome', 'ci', '--colors=off'] },
  { name: 'imports', run: ['../scripts/check-imports.ts'] },
  { name: 'generated pages', run: ['../scripts/generate-docs.ts', '--check'] },
  { name: 'dead code', run: ['knip/bin/knip.js', '--no-progress'] },
]

type Result = { readonly name: string; readonly ok: boolean; readonly output: string; readonly seconds: number }

const root = fileURLToPath(new URL('..', import.meta.url))

const runCheck = ({ name, run: [program, ...args] }: Check): Promise<Result> =>
  new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(process.execPath, [`${root}node_modules/${program}`, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const collect = (chunk: Buffer): void => void (output += chunk.toString())
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ name, ok: code === 0, output, seconds: (performance.now() - started) / 1000 }),
    )
  })

let failed = 0
for (const check of checks) {
  const { name, ok, output, seconds } = await runCheck(check)
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`)
  if (!ok) {
    failed += 1
    console.log(output.trimEnd())
  }
}
printTally({ passed: checks.length - failed, failed, skipped: 0 })
