/**
 * What `titrate check --manifests` costs for 1,000 and for 10,000 objects: `npx node bench/check-manifests.ts`. Each size is
 * a program of its own, started as a person would, so that its memory is its own: reading YAML, telling the estate,
 * all rules of the platform, and the comparison of two sides that have that many objects together.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { application } from './in-memory/application.ts'

const LIMIT_MS = 10_000
const LIMIT_MB = 400
/** Ten times as much may take ten times as long, and some more for caches and collecting garbage. */
const LIMIT_RATIO = 14

const program = fileURLToPath(new URL('../bin/titrate.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'titrate-bench-'))

const filesOf = (objects: number): string => {
  const file = join(folder, `${objects}.yaml`)
  const bodies = Array.from({ length: objects / 10 }, (_, index) => application(index)).flat()
  writeFileSync(file, bodies.map((body) => `---\n${stringify(body, { aliasDuplicateObjects: false })}`).join(''))
  return file
}

/** Time on the clock and on the processor: on a busy machine only the second says something of the program. */
type Figures = { readonly ms: number; readonly cpuMs: number; readonly mb: number }

const measure = (flags: readonly string[]): Figures => {
  const started = performance.now()
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      `data:text/javascript,${encodeURIComponent(atExit)}`,
      program,
      'check',
      ...flags,
      '--platform',
      'eks-fargate',
      '--output',
      'json',
    ],
    { encoding: 'utf8', maxBuffer: 2 ** 30, cwd: folder, env: { ...process.env, NODE_OPTIONS: '' } },
  )
  const ms = performance.now() - started
  const [, kilobytes, micros] = /PEAK (\d+) (\d+)/.exec(stderr) ?? []
  if (status !== 1) throw new Error(`the check ended with ${status}: ${stderr.slice(0, 500)}`)
  return { ms, cpuMs: Number(micros) / 1_000, mb: Number(kilobytes) / 1_024 }
}

/** The most memory that the program held at once, in kilobytes, and its time on the processor, in microseconds. */
const atExit =
  "process.on('exit', () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); process.stderr.write('PEAK ' + maxRSS + ' ' + (userCPUTime + systemCPUTime)) })"

const median = (all: readonly Figures[]): Figures =>
  all.toSorted((a, b) => a.ms - b.ms)[all.length >> 1] ?? { ms: 0, cpuMs: 0, mb: 0 }

let good = true
const compare = (name: string, flagsOf: (file: string) => readonly string[]): void => {
  const [start, small, large] = [20, 1_000, 10_000].map((objects) => {
    const file = filesOf(objects)
    return median([1, 2, 3].map(() => measure(flagsOf(file))))
  })
  if (start === undefined || small === undefined || large === undefined) return
  // Starting costs the same, whatever there is to read.
  const ratio = (large.cpuMs - start.cpuMs) / Math.max(1, small.cpuMs - start.cpuMs)
  const text = ({ ms, cpuMs, mb }: Figures): string =>
    `${(ms / 1_000).toFixed(2)} s (${(cpuMs / 1_000).toFixed(2)} s of CPU), ${mb.toFixed(0)} MB`
  console.log(`${name.padEnd(28)} 1,000: ${text(small)}   10,000: ${text(large)}   ratio ${ratio.toFixed(1)}`)
  good &&= large.ms <= LIMIT_MS && large.mb <= LIMIT_MB && ratio <= LIMIT_RATIO
}

try {
  compare('platform and estate', (file) => ['--manifests', file])
  compare('two sides, compared', (file) => {
    const half = filesOf(Number(/(\d+)\.yaml$/.exec(file)?.[1]) / 2)
    return ['--blue-manifests', half, '--green-manifests', half]
  })
  console.log(
    `limit: ${LIMIT_MS / 1_000} s and ${LIMIT_MB} MB for 10,000, ${LIMIT_RATIO} × the time of 1,000: ${good ? 'kept' : 'EXCEEDED'}`,
  )
  process.exitCode = good ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
