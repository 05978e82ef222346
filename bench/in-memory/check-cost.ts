/** What a `titrate check` costs as a program of its own, started as a person would, so that its memory is its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const LIMIT_MS = 10_000
const LIMIT_MB = 400
/** Ten times as much may take ten times as long, and some more for caches and collecting garbage. */
const LIMIT_RATIO = 14

const program = fileURLToPath(new URL('../../bin/titrate.mjs', import.meta.url))

/** `ms`: by the clock. `cpuMs`: on the processor, which a busy machine does not lengthen. `mb`: the most held at once. */
export type Cost = { readonly ms: number; readonly cpuMs: number; readonly mb: number }

const atExit =
  "process.on('exit', () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); process.stderr.write('PEAK ' + maxRSS + ' ' + (userCPUTime + systemCPUTime)) })"

/** One check that must find something, as JSON, and what it cost. */
export const costOfCheck = async (
  flags: readonly string[],
  folder: string,
): Promise<{ readonly out: string; readonly cost: Cost }> => {
  const from = performance.now()
  const preload = ['--import', `data:text/javascript,${encodeURIComponent(atExit)}`]
  const child = spawn(
    process.execPath,
    [...preload, program, 'check', ...flags, '--platform', 'eks-fargate', '--output', 'json'],
    { cwd: folder, env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const ms = performance.now() - from
  if (code !== 1) throw new Error(`the check ended with ${code}: ${err.slice(0, 500)}`)
  const [, kilobytes, micros] = /PEAK (\d+) (\d+)/.exec(err) ?? []
  return { out, cost: { ms, cpuMs: Number(micros) / 1_000, mb: Number(kilobytes) / 1_024 } }
}

export const medianOf = async <T extends Cost>(measure: () => Promise<T>): Promise<T> => {
  const [one, two, three] = [await measure(), await measure(), await measure()]
  return [one, two, three].toSorted((a, b) => a.ms - b.ms)[1] ?? two
}

/** How much longer 10,000 objects take than 1,000. Starting costs the same, whatever there is to read. */
export const ratioOf = (start: Cost, small: Cost, large: Cost): number =>
  (large.cpuMs - start.cpuMs) / Math.max(1, small.cpuMs - start.cpuMs)

export const shown = ({ ms, cpuMs, mb }: Cost): string =>
  `${(ms / 1_000).toFixed(2)} s (${(cpuMs / 1_000).toFixed(2)} s of CPU), ${mb.toFixed(0)} MB`

/** Prints whether the limits were kept, by what 10,000 objects cost each time; the bench fails where they were not. */
export const sayLimit = (found: readonly { readonly large: Cost; readonly ratio: number }[]): void => {
  const good = found.every(({ large, ratio }) => large.ms <= LIMIT_MS && large.mb <= LIMIT_MB && ratio <= LIMIT_RATIO)
  console.log(
    `limit (load ${loadavg()[0]?.toFixed(1)}): ${LIMIT_MS / 1_000} s and ${LIMIT_MB} MB for 10,000, ${LIMIT_RATIO} × the time of 1,000: ${good ? 'kept' : 'EXCEEDED'}`,
  )
  process.exitCode = good ? 0 : 1
}
