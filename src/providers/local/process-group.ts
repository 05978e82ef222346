import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import type { Millis } from '../../moves/goal.ts'

/** A process that leads its own group; `started` tells it from a later process of the same number. */
export type ProcessIdentity = { readonly pid: number; readonly started: string }

/** When a process began, as its kernel says it; null: there is none (or only its remains). */
export const startOf = (pid: number): string | null => {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      // The name in brackets may hold anything: fields are counted from its end. The 20th after it is the start, in ticks since boot.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' ? null : (fields[19] ?? null)
    } catch {
      return null
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null
  } catch {
    return null
  }
}

export const isAlive = (identity: ProcessIdentity): boolean => startOf(identity.pid) === identity.started

/** Sends a signal to the whole group that `pid` leads; false: there is none. */
export const signalGroup = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(-pid, signal)
    return true
  } catch {
    return false
  }
}

/** The variable that marks a process as ours, with its life's token. */
export const lifeVariable = 'TITRATE_LIFE'

/**
 * Finds processes by the token in their environment: those whose supervisor was killed between starting them and
 * writing down their number. Linux only; elsewhere nothing is found, and that window (under 1 ms) is not covered.
 */
export const findByLife = (lives: ReadonlySet<string>): ReadonlyMap<string, number> => {
  const found = new Map<string, number>()
  if (process.platform !== 'linux' || lives.size === 0) return found
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const variables = readFileSync(`/proc/${entry}/environ`, 'latin1')
      const life = new RegExp(`(?:^|\\0)${lifeVariable}=([^\\0]+)`).exec(variables)?.[1]
      const leads = life !== undefined && lives.has(life) && groupOf(entry) === Number(entry)
      if (leads) found.set(life, Number(entry))
    } catch {
      // Somebody else's, or gone since.
    }
  }
  return found
}

const groupOf = (pid: string): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
}

/** Why a command can't be started, for people; null: it can be tried. */
export const faultOfCommand = (program: string, directory: string, path: string): string | null => {
  if (!isDirectory(directory)) return `the folder ${directory} does not exist: create it, or correct 'directory'`
  const candidates = program.includes('/')
    ? [isAbsolute(program) ? program : resolve(directory, program)]
    : path.split(delimiter).map((folder) => join(folder || '.', program))
  const existing = candidates.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true)
  if (existing.length === 0) {
    const where = program.includes('/') ? `there is no such file` : `it is in no folder of PATH`
    return `command not found: ${program} (${where}): install it, or correct 'command'`
  }
  return existing.some(isExecutable) ? null : `${existing[0]} is not executable: chmod +x it, or correct 'command'`
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

export type Start = {
  readonly command: readonly [string, ...string[]]
  readonly directory: string
  readonly variables: Readonly<Record<string, string>>
  /** Where its output goes: a descriptor, so that it outlives the supervisor. */
  readonly output: number
}

/** A process as its supervisor sees it: started by it, or found again after a restart. */
export type Running = {
  readonly identity: ProcessIdentity
  /** Once, when it has ended. `null` and `null`: it was not our child, so nobody was told. */
  onExit(ended: (exit: Exit) => void): void
}

/** Starts a process in a group of its own. A string: why it could not be started. */
export const startProcess = (start: Start): Running | string => {
  const [program, ...args] = start.command
  let child: ChildProcess
  try {
    child = spawn(program, args, {
      cwd: start.directory,
      env: { ...start.variables },
      stdio: ['ignore', start.output, start.output],
      detached: true,
    })
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  // Reported later as well, but a missing pid says it at once.
  child.on('error', () => {})
  if (child.pid === undefined) return `${program} can't be started: no process was made`
  const pid = child.pid
  const exit = new Promise<Exit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
  return {
    identity: { pid, started: startOf(pid) ?? 'gone' },
    onExit: (ended) => void exit.then(ended),
  }
}

const adoptedPollMs: Millis = 200

/** Watches a process that an earlier supervisor started. */
export const adoptProcess = (identity: ProcessIdentity): Running => ({
  identity,
  onExit: (ended) => {
    const timer = setInterval(() => {
      if (isAlive(identity)) return
      clearInterval(timer)
      ended({ code: null, signal: null })
    }, adoptedPollMs)
    timer.unref()
  },
})

/** SIGTERM to the group, SIGKILL after the grace. Its leader's exit is told by `onExit`; the rest of the group goes with it. */
export const endGroup = (running: Running, graceMs: Millis): void => {
  const { pid } = running.identity
  // Only a leader that still is the one we knew: its number may belong to a stranger by now.
  if (!isAlive(running.identity)) return
  signalGroup(pid, 'SIGTERM')
  const kill = setTimeout(() => {
    if (isAlive(running.identity)) signalGroup(pid, 'SIGKILL')
  }, graceMs)
  running.onExit(() => clearTimeout(kill))
}
