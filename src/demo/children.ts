import { type ChildProcess, fork, type Serializable, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Millis } from '../moves/goal.ts'
import { type DemoPaths, programFile } from './estate-files.ts'
import type { JanitorMessage } from './janitor.ts'
import type { LoadOptions } from './load.ts'
import { type LoadCounts, noCounts } from './load-counts.ts'

const startLimitMs: Millis = 10_000

const nextMessage = <T>(child: ChildProcess, kind: string): Promise<T> =>
  new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`no word from ${kind}`)), startLimitMs)
    const over = (): void => {
      clearTimeout(limit)
      child.off('message', hear)
      child.off('exit', gone)
    }
    const hear = (message: unknown): void => {
      if (typeof message !== 'object' || message === null || !('kind' in message) || message.kind !== kind) return
      over()
      resolve(message as T) // our own process sends this kind in this shape
    }
    const gone = (code: number | null): void => {
      over()
      reject(new Error(`a process of the demo ended with ${code} before it said "${kind}"`))
    }
    child.on('message', hear)
    child.once('exit', gone)
  })

const forked = (name: string, detached: boolean): ChildProcess =>
  fork(programFile(name), [], { detached, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] })

const send = (child: ChildProcess, message: Serializable): void => {
  if (child.connected) child.send(message, () => undefined)
}

// ── The janitor ───────────────────────────────────────────────────────────────

export type Janitor = {
  tell(message: JanitorMessage): void
  /** Lets it tidy up, and waits until it has. */
  tidy(): Promise<void>
}

export const startJanitor = (): Janitor => {
  const child = forked('janitor', true)
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    tell: (message) => send(child, message),
    tidy: async () => {
      if (child.connected) child.disconnect()
      await gone
    },
  }
}

// ── The queue ─────────────────────────────────────────────────────────────────

export type QueueProcess = { readonly url: string; close(): void }

/** The queue is outside the estate: both sides share it, and it stays where it is. */
export const startQueue = async (): Promise<QueueProcess> => {
  const child = forked('queue-process', false)
  const { port } = await nextMessage<{ readonly port: number }>(child, 'listening')
  return { url: `http://127.0.0.1:${port}`, close: () => child.disconnect() }
}

// ── The users ─────────────────────────────────────────────────────────────────

export type LoadProcess = {
  counts(): LoadCounts
  stop(): Promise<LoadCounts>
}

export const startLoadProcess = (options: LoadOptions): LoadProcess => {
  const child = forked('load-process', false)
  let counts = noCounts
  child.on('message', (message: { readonly counts: LoadCounts }) => {
    counts = message.counts
  })
  send(child, { kind: 'start', options })
  return {
    counts: () => counts,
    stop: async () => {
      const stopped = nextMessage<{ readonly counts: LoadCounts }>(child, 'stopped')
      send(child, { kind: 'stop' })
      counts = (await stopped).counts
      child.disconnect()
      return counts
    },
  }
}

// ── The engine ────────────────────────────────────────────────────────────────

export type EngineProcess = {
  readonly pid: number
  /** null: it is still running. */
  exitCode(): number | null
  /** Waits until it has ended. */
  readonly ended: Promise<number>
  signal(name: 'SIGINT' | 'SIGKILL'): void
}

/** `titrate run`, as a person would start it; what it says goes to a log. A group of its own: Ctrl-C is for the demo. */
export const startEngine = (program: readonly [string, ...string[]], paths: DemoPaths): EngineProcess => {
  const log = openSync(paths.engineLog, 'a')
  const [command, ...args] = program
  const child = spawn(command, [...args, 'run', '--yes', '--file', paths.release], {
    cwd: paths.folder,
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  let code: number | null = null
  const ended = new Promise<number>((resolve) => {
    const end = (status: number): void => {
      code = status
      resolve(status)
    }
    child.once('error', () => end(127))
    // Killed by a signal: as a shell would say it.
    child.once('exit', (status) => end(status ?? 137))
  })
  return {
    pid: child.pid ?? 0,
    exitCode: () => code,
    ended,
    signal: (name) => {
      if (code === null) child.kill(name)
    },
  }
}
