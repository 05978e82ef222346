import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Millis } from '../moves/goal.ts'
import { writeReport } from '../report/write-report.ts'
import { startJanitor } from './children.ts'
import type { DemoIo } from './demo-io.ts'
import { pathsIn } from './estate-files.ts'
import { brokenPromises, type DemoResult, describeResult } from './result.ts'
import { type Fault, faultNamed } from './scenario.ts'
import { runScene } from './scene.ts'
import { introduction, listFaults, readFlags, usage } from './words-of-demo.ts'

const exitCodes = { asItShould: 0, notAsItShould: 1, usage: 2 } as const

/**
 * The demo: a whole release on real processes, with or without a fault. Progress goes to `err`, the answer to `out`.
 * Returns the exit code; leaves no process behind, however it ends.
 */
export const runDemo = async (argv: readonly string[], io: DemoIo): Promise<number> => {
  const read = readFlags(argv)
  if (read.kind === 'wrong') {
    io.err(`titrate demo: ${read.because}\n  what to do: add --help to see what it understands\n`)
    return exitCodes.usage
  }
  const { flags } = read
  if (flags.help || flags.list) {
    io.out(flags.help ? usage : listFaults())
    return exitCodes.asItShould
  }
  const fault = flags.fault === null ? null : faultNamed(flags.fault)
  // For everything that is started from here: two dozen processes compile the same files, which takes half of their start.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache')
  io.err(introduction(fault))
  const result = await stage(fault, flags.keep, io)
  if (result === null) return exitCodes.notAsItShould
  io.out(flags.output === 'json' ? `${JSON.stringify(result, null, 2)}\n` : describeResult(result, fault))
  return brokenPromises(result).length === 0 ? exitCodes.asItShould : exitCodes.notAsItShould
}

const folderFor = (keep: boolean, workingDirectory: string, now: Millis): string => {
  if (!keep) return mkdtempSync(join(tmpdir(), 'titrate-demo-'))
  const folder = join(
    workingDirectory,
    '.titrate',
    'demo',
    new Date(now).toISOString().slice(0, 19).replaceAll(':', '-'),
  )
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** Plays it in a folder of its own, and tidies up after it in any case. */
const stage = async (fault: Fault | null, keep: boolean, io: DemoIo): Promise<DemoResult | null> => {
  const startedAt = Date.now()
  const paths = pathsIn(folderFor(keep, io.workingDirectory, startedAt))
  const janitor = startJanitor()
  janitor.tell({ kind: 'paths', paths, keep: keep ? ['*'] : ['report.html'] })
  try {
    const scene = await runScene({ fault, paths, janitor, io, startedAt })
    if (scene === null) {
      io.err('Interrupted: everything that was started is ended now.\n')
      return null
    }
    const result: DemoResult = { ...scene.result, report: paths.report }
    // Before the log goes with the folder.
    if (brokenPromises(result).length > 0) io.err(tailOf(paths.engineLog))
    writeFileSync(paths.report, writeReport({ ...scene.report, extra: JSON.parse(JSON.stringify(result)) }, 'html'))
    return result
  } catch (error) {
    io.err(`titrate demo: ${error instanceof Error ? error.message : String(error)}\n${tailOf(paths.engineLog)}`)
    return null
  } finally {
    await janitor.tidy()
  }
}

const tailOf = (file: string): string => {
  try {
    return `The engine's last words:\n${readFileSync(file, 'utf8').split('\n').slice(-15).join('\n')}\n`
  } catch {
    return ''
  }
}
