import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { CommandIo, Deps, Environments } from '../cli/deps.ts'
import { TitrateError } from '../errors.ts'
import { systemClock } from './clock.ts'
import type { RunWiring } from './run.ts'

const person = (): string => {
  const told = process.env.TITRATE_USER
  if (told !== undefined && told !== '') return told
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}

const createIo = (signal: AbortSignal): CommandIo => {
  const isTty = process.stdout.isTTY === true
  const { NO_COLOR: noColor, TERM: terminal } = process.env
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTty,
    columns: process.stdout.columns ?? 100,
    color: isTty && (noColor === undefined || noColor === '') && terminal !== 'dumb',
    ask:
      process.stdin.isTTY === true
        ? async (question) => {
            const lines = createInterface({ input: process.stdin, output: process.stderr })
            try {
              return await lines.question(question, { signal })
            } finally {
              lines.close()
            }
          }
        : null,
    readFile: (path) => readFile(path, 'utf8'),
    writeFile: async (path, text) => {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text, { flag: 'w' })
    },
    workingDirectory: process.cwd(),
    env: process.env,
    signal,
    sleep: (ms, until) => systemClock.sleep(systemClock.now() + ms, until),
  }
}

/** What `titrate env` does, loaded with the first thing that is asked of it: supervisors and the router are much to load. */
const environmentsOf = (program: readonly [string, ...string[]]): Environments => {
  const load = async () => (await import('./environments.ts')).createEnvironments(program)
  return {
    up: async (...asked) => (await load()).up(...asked),
    down: async (...asked) => (await load()).down(...asked),
    apply: async (...asked) => (await load()).apply(...asked),
    status: async (...asked) => (await load()).status(...asked),
    scale: async (...asked) => (await load()).scale(...asked),
    suspend: async (...asked) => (await load()).suspend(...asked),
    weight: async (...asked) => (await load()).weight(...asked),
    logs: async (...asked) => (await load()).logs(...asked),
    serve: async (...asked) => (await load()).serve(...asked),
  }
}

/**
 * Everything that commands may ask for, on the real world; each part is loaded when it is first used, for a command
 * uses few of them and must answer at once. `program`: the command line that starts this program again.
 */
export const createDeps = (options: {
  readonly program: readonly [string, ...string[]]
  readonly version: string
  readonly wiring: () => Promise<RunWiring>
  readonly signal: AbortSignal
}): Deps => ({
  version: options.version,
  now: systemClock.now,
  io: createIo(options.signal),
  person,
  openStore: async (release, create) => (await import('./store.ts')).openReleaseStore(release, create),
  connect: async (release) => (await import('./world.ts')).connectWorld(release),
  prepare: async (file, world) => (await import('./prepare.ts')).prepareReleaseFile(file, world, systemClock.now()),
  runEngine: async (run, signal) => (await import('./run.ts')).runRelease(run, await options.wiring(), signal),
  engineLives: async (store) => {
    const lock = await store.lock()
    await lock?.release()
    return lock === null
  },
  breakGlass: async (release, asked) =>
    (await import('./break-glass.ts')).breakGlassOnRelease(release, { ...asked, by: person() }, options.signal),
  environments: environmentsOf(options.program),
  rehearse: async (asked) => (await import('./rehearse.ts')).rehearseRelease(asked, systemClock),
  retire: async (release, store) => (await import('./retire.ts')).retireBlue(release, store),
  readManifests: async (path, shown, what) =>
    (await import('../providers/manifests/read-manifests.ts')).readManifests(path, shown, process.stdin, what),
  openCluster: async (asked) => (await import('./clusters.ts')).openCluster(asked, options.signal),
  access: async (release) => (await import('./release-access.ts')).accessOfRelease(release),
  doctor: async (release) => (await import('./doctor.ts')).examine(release),
})

/** Aborts at the first interrupt; a second one ends the program at once, as people expect. */
export const signalOfInterrupts = (): AbortSignal => {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(130)
      stop.abort(new TitrateError('USAGE', 'interrupted'))
    })
  return stop.signal
}
