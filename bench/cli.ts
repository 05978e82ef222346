/**
 * The command line from the shell: whole processes, from their start to their end. `plan` looks at the demo's estate,
 * whose supervisors and router run, with their services asleep. Compared with Node.js doing nothing.
 *
 *     npx node bench/cli.ts [runs]
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { pathsIn, writeEstate } from '../src/demo/estate-files.ts'

const runs = Number(process.argv[2] ?? 15)
const bin = fileURLToPath(new URL('../bin/titrate.mjs', import.meta.url))
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'cli-bench-')))

/**
 * What the operating system counted for processes of ours that have ended: on a machine that others use too, it says
 * more than the time on the wall. null: it isn't told here.
 */
const childrenCpuMs = (): number | null => {
  if (!existsSync('/proc/self/stat')) return null
  // Fields 16 and 17 of proc(5), counted behind the name, in hundredths of a second.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[13]) + Number(fields[14])) * 10
}

const run = (args: readonly string[]): { readonly wallMs: number; readonly out: string } => {
  const startedAt = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`)
  return { wallMs: performance.now() - startedAt, out: stdout }
}

type Figures = { readonly median: number; readonly least: number; readonly cpuMs: number | null }

const measure = (args: readonly string[]): Figures => {
  run(args)
  const cpuBefore = childrenCpuMs()
  const walls = Array.from({ length: runs }, () => run(args).wallMs).sort((a, b) => a - b)
  const cpuAfter = childrenCpuMs()
  return {
    median: walls[Math.floor(walls.length / 2)] ?? 0,
    least: walls[0] ?? 0,
    cpuMs: cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / runs,
  }
}

const show = (name: string, { median, least, cpuMs }: Figures, limitMs: number | null): boolean => {
  const cpu = cpuMs === null ? '' : `, CPU ${cpuMs.toFixed(0)} ms`
  const isHeld = limitMs === null || median <= limitMs
  const limit = limitMs === null ? '' : `  ${isHeld ? 'holds' : 'DOES NOT HOLD'}: ≤ ${limitMs} ms`
  console.log(`${name.padEnd(18)} median ${median.toFixed(0)} ms, least ${least.toFixed(0)} ms${cpu}${limit}`)
  return isHeld
}

const paths = pathsIn(folder)
writeEstate(paths, {
  queueUrl: 'http://127.0.0.1:9/',
  metrics: null,
  versions: { blue: {}, green: {} },
  mistakes: {},
})
const daemons = [paths.blue, paths.green, paths.router]
try {
  for (const file of daemons) run([bin, 'env', 'up', file, ...(file === paths.router ? [] : ['--asleep'])])
  console.log(`load average ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores; ${runs} runs of each`)
  const nothing = measure(['-e', '0'])
  show('node -e 0', nothing, null)
  const plan = measure([bin, 'plan'])
  const held = [
    show('titrate --help', measure([bin, '--help']), 150),
    show('titrate --version', measure([bin, '--version']), 150),
    show('titrate plan', plan, 500),
  ]
  console.log(`titrate plan takes ${(plan.median / nothing.median).toFixed(1)} × the time of node -e 0`)
  if (held.includes(false)) process.exitCode = 1
} finally {
  for (const file of daemons) run([bin, 'env', 'down', file])
  rmSync(folder, { recursive: true, force: true })
}
