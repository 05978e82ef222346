import { type ChildProcess, spawn } from 'node:child_process'
import type { Millis } from '../../moves/goal.ts'

export type CommandEnd = {
  /** `not started`: there is no such program, or it may not be run. `aborted`: the signal ended it. */
  readonly how: 'exited' | 'killed' | 'timed out' | 'aborted' | 'not started'
  /** null: it did not end by itself. */
  readonly exitCode: number | null
  /** `exit code 1`, `SIGKILL`, `no such program`, …: for people. */
  readonly what: string
  /** The last lines of what it wrote, both streams as they came. */
  readonly lastLines: readonly string[]
}

export type CommandOptions = {
  /** The program and its arguments; no shell is between. */
  readonly command: readonly string[]
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Written to its standard input, which then ends. */
  readonly input?: string
  readonly timeoutMs: Millis
  readonly signal: AbortSignal
  readonly directory?: string
}

const keptBytes = 64 * 1024
const keptLines = 20
/** Between asking the group to end and making it. */
const graceMs = 1_000
/** How long output is waited for after the program has ended: a child that it left behind may hold it open for ever. */
const drainMs = 200

/** Runs a program in a process group of its own. When its time is up, the whole group ends. Never throws. */
export const runCommand = async (options: CommandOptions): Promise<CommandEnd> => {
  const [program = '', ...args] = options.command
  if (options.signal.aborted) return { how: 'aborted', exitCode: null, what: 'stopped before it began', lastLines: [] }
  let child: ChildProcess
  try {
    const { directory } = options
    child = spawn(program, args, {
      env: { ...options.variables },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      ...(directory === undefined ? {} : { cwd: directory }),
    })
  } catch (error) {
    return notStarted(program, error)
  }
  const output = keepTail(child)
  child.stdin?.on('error', () => undefined) // it need not read what it is told
  child.stdin?.end(options.input ?? '')
  return await endOf(child, program, options, output)
}

const endOf = (
  child: ChildProcess,
  program: string,
  { timeoutMs, signal }: CommandOptions,
  output: () => readonly string[],
): Promise<CommandEnd> =>
  new Promise((resolve) => {
    let cut: 'timed out' | 'aborted' | null = null
    let hard: NodeJS.Timeout | undefined
    const stop = (why: 'timed out' | 'aborted'): void => {
      cut ??= why
      signalGroup(child, 'SIGTERM')
      hard ??= setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs)
    }
    const timer = setTimeout(() => stop('timed out'), timeoutMs)
    const onAbort = (): void => stop('aborted')
    signal.addEventListener('abort', onAbort, { once: true })
    const finish = (end: CommandEnd): void => {
      clearTimeout(timer)
      clearTimeout(hard)
      signal.removeEventListener('abort', onAbort)
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve(end)
    }
    child.once('error', (error) => {
      if (child.pid === undefined) finish(notStarted(program, error))
    })
    child.once('exit', (exitCode, killedBy) => {
      // Of a group that was told to end, nobody stays behind its leader.
      if (cut !== null) signalGroup(child, 'SIGKILL')
      const late = setTimeout(() => child.emit('close'), drainMs)
      child.once('close', () => {
        clearTimeout(late)
        const how = cut ?? (killedBy === null ? 'exited' : 'killed')
        const what = cut === 'timed out' ? `no end within ${timeoutMs} ms` : cut === 'aborted' ? 'stopped' : null
        finish({ how, exitCode, what: what ?? killedBy ?? `exit code ${exitCode}`, lastLines: output() })
      })
    })
  })

const notStarted = (program: string, error: unknown): CommandEnd => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error'
  const what =
    code === 'ENOENT'
      ? `there is no program ${program}: install it, or correct the command`
      : code === 'EACCES'
        ? `${program} may not be run: make it executable`
        : `${program} can't be started (${code})`
  return { how: 'not started', exitCode: null, what, lastLines: [] }
}

const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // It has ended.
  }
}

const keepTail = (child: ChildProcess): (() => readonly string[]) => {
  let kept = Buffer.alloc(0)
  let cut = false
  const keep = (chunk: Buffer): void => {
    const all = Buffer.concat([kept, chunk])
    cut ||= all.length > keptBytes
    kept = all.length > keptBytes ? all.subarray(all.length - keptBytes) : all
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  return () => {
    const lines = kept.toString('utf8').trimEnd().split(/\r?\n/)
    // The rest of a line whose beginning is gone may be the rest of a secret, which nobody would recognise.
    return (cut ? ['…', ...lines.slice(1)] : lines).slice(-keptLines)
  }
}
