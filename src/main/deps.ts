import { readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { createInterface } from 'node:readline/promises'
import type { CommandIo, Deps } from '../cli/deps.ts'
import { TitrateError } from '../errors.ts'
import { breakGlassOnRelease } from './break-glass.ts'
import { systemClock } from './clock.ts'
import { examine } from './doctor.ts'
import { createEnvironments } from './environments.ts'
import { prepareRelease } from './prepare.ts'
import { retireBlue } from './retire.ts'
import { type RunWiring, runRelease } from './run.ts'
import { openReleaseStore } from './store.ts'
import { connectWorld } from './world.ts'

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
    writeFile: (path, text) => writeFile(path, text, { flag: 'w' }),
    workingDirectory: process.cwd(),
    env: process.env,
    signal,
    sleep: (ms, until) => systemClock.sleep(systemClock.now() + ms, until),
  }
}

/** Everything that commands may ask for, on the real world. `program`: the command line that starts this program again. */
export const createDeps = (options: {
  readonly program: readonly [string, ...string[]]
  readonly wiring: RunWiring
  readonly signal: AbortSignal
}): Deps => ({
  version: options.wiring.version,
  now: systemClock.now,
  io: createIo(options.signal),
  person,
  openStore: openReleaseStore,
  connect: connectWorld,
  prepare: (release, world) => prepareRelease(release, world, systemClock.now()),
  runEngine: (run, signal) => runRelease(run, options.wiring, signal),
  engineLives: async (store) => {
    const lock = await store.lock()
    await lock?.release()
    return lock === null
  },
  breakGlass: (release, asked) => breakGlassOnRelease(release, { ...asked, by: person() }, options.signal),
  environments: createEnvironments(options.program),
  retire: retireBlue,
  doctor: examine,
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
