import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Call } from '../../../engine/ports.ts'
import type { Side } from '../../../moves/goal.ts'
import { connectLocal, type LocalProvider } from '../client.ts'
import { superviseEnvironment } from '../daemon.ts'
import { startOf } from '../process-group.ts'
import { type EnvironmentStatus, environmentStatus, startSupervisor, stopSupervisor } from '../supervisor-control.ts'

/** An environment of real processes for one test, in a folder of its own. */
export type Workbench = LocalProvider & {
  readonly directory: string
  readonly file: string
  readonly status: EnvironmentStatus
  /** Writes the environment file anew. */
  write(services: Readonly<Record<string, unknown>>): void
  /** Starts the supervisor again, after `kill`. */
  start(): Promise<EnvironmentStatus>
  /** kill -9. Returns when it is gone. */
  kill(): Promise<void>
  /** The lines that jobs wrote. */
  lines(): string[]
  /** Ends all and removes the folder. */
  end(): Promise<void>
}

const programs = fileURLToPath(new URL('programs', import.meta.url))
export const program = (name: 'web' | 'job' | 'worker'): string[] => [process.execPath, join(programs, `${name}.mjs`)]

const superviseEntry = fileURLToPath(new URL('supervise.ts', import.meta.url))

export const entryFor = (file: string, asleep = false): [string, ...string[]] => [
  process.execPath,
  superviseEntry,
  file,
  ...(asleep ? ['--asleep'] : []),
]

type Options = {
  readonly services: Readonly<Record<string, unknown>>
  readonly side?: Side
  readonly asleep?: boolean
  /** `process`: a daemon of its own, which can be killed. `here`: in the test's process, which is quicker. */
  readonly supervisor?: 'process' | 'here' | 'none'
}

/** Quick for tests: short pauses before each restart, and short waits at the end. */
export const quick = { stop: { drain: '100ms', grace: '500ms' }, backoff: { first: '50ms', max: '400ms' } }

export const openWorkbench = async (options: Options): Promise<Workbench> => {
  const directory = mkdtempSync(join(tmpdir(), 'titrate-local-'))
  const file = join(directory, `${options.side ?? 'blue'}.yaml`)
  const ledger = join(directory, 'lines')
  const write = (services: Readonly<Record<string, unknown>>): void => {
    // JSON is YAML.
    const environment = {
      apiVersion: 'titrate.dev/v1alpha1',
      kind: 'Environment',
      variables: { RUNS: ledger },
      services,
    }
    writeFileSync(file, JSON.stringify(environment, null, 2))
  }
  const asleep = options.asleep === true
  const kind = options.supervisor ?? 'here'
  const down = new AbortController()
  let here: Promise<void> = Promise.resolve()
  const start = async (): Promise<EnvironmentStatus> => {
    if (kind === 'process') return startSupervisor({ file, asleep, entry: entryFor(file, asleep) })
    here = superviseEnvironment(file, { asleep }, down.signal)
    const failed = here.then(() => Promise.reject(new Error('it ended')))
    return Promise.race([failed, until(() => environmentStatus(file))])
  }
  write(options.services)
  let status = kind === 'none' ? null : await start()
  return {
    ...connectLocal({ file, side: options.side ?? 'blue' }),
    directory,
    file,
    get status() {
      if (status === null) throw new Error('not started')
      return status
    },
    write,
    start: async () => {
      status = await start()
      return status
    },
    kill: async () => {
      const { pid } = await environmentStatus(file)
      process.kill(pid, 'SIGKILL')
      await until(() => startOf(pid) === null)
    },
    lines: () => (existsSync(ledger) ? readFileSync(ledger, 'utf8').trim().split('\n') : []),
    end: async () => {
      if (kind === 'process') await stopSupervisor(file)
      else down.abort()
      await here
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Waits until something holds; fails after a limit, with what was seen last. */
export const until = async <T>(look: () => T | Promise<T>, limitMs = 10_000): Promise<T> => {
  const limit = Date.now() + limitMs
  let last: unknown
  while (Date.now() < limit) {
    try {
      last = await look()
      // The caller's own truth: what it gives back when it holds.
      if (last) return last as T
    } catch (error) {
      last = error
    }
    await pause(20)
  }
  throw new Error(
    `it did not come to hold within ${limitMs} ms; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
  )
}

let version = 0

/** A call of release `shop`, newer than all before it. */
export const callOf = (
  move: string,
  more: Partial<Call> & { readonly epoch?: number; readonly version?: number } = {},
): Call => {
  version += 1
  const { epoch = 1, version: given = version, ...rest } = more
  return {
    fence: { release: 'shop', epoch, move, version: given },
    intent: `${move}/workload/${given}`,
    signal: AbortSignal.timeout(5_000),
    ...rest,
  }
}
