import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describeFault } from '../../config/positioned-yaml.ts'
import type { ClaimSeen, WorkloadSeen } from '../../engine/ports.ts'
import { TitrateError } from '../../errors.ts'
import type { Json, Millis } from '../../moves/goal.ts'
import { type EnvironmentPlace, type LocalEnvironment, placeOf, readEnvironmentFile } from './environment-file.ts'
import type { KeptSchedule } from './seen.ts'
import { ask, unreachable } from './socket-call.ts'
import { statePathsOf } from './state-paths.ts'

// How other processes start, ask and end a supervisor. It loads nothing of the supervisor itself.

/** What a person is shown of an environment. */
export type EnvironmentStatus = {
  readonly name: string
  readonly file: string
  readonly pid: number
  readonly startedAt: Millis
  /** Where scrapers find it. */
  readonly metrics: string
  readonly claim: ClaimSeen
  readonly services: readonly (WorkloadSeen & {
    /** Its stable address; null: it doesn't listen. */
    readonly address: string | null
    readonly schedule: KeptSchedule | null
  })[]
}

/** Reads an environment file, or throws all its faults at once. */
export const environmentOf = (file: string): LocalEnvironment => {
  const read = readEnvironmentFile(file)
  if (read.kind === 'ok') return read.environment
  throw new TitrateError('ENVIRONMENT_FILE', read.faults.map(describeFault).join('\n'), {
    details: { faults: read.faults },
  })
}

export type Asleep = {
  /** Services begin at 0 replicas and with suspended schedules. Decided by an environment's first start, for good. */
  readonly asleep?: boolean
}

const startLimitMs: Millis = 20_000

type StartOptions = Asleep & {
  readonly file: string
  /** The whole command line, program first, of what runs `superviseEnvironment` for this file. */
  readonly entry: readonly [string, ...string[]]
}

/**
 * Starts the supervisor as a process of its own, which outlives the caller, and waits until it answers.
 * One that runs already is left as it is, and its status given back.
 */
export const startSupervisor = async (options: StartOptions): Promise<EnvironmentStatus> => {
  const environment = environmentOf(options.file)
  const paths = statePathsOf(environment)
  const already = await statusIfUp(environment)
  if (already !== null) return already
  mkdirSync(dirname(paths.ownLog), { recursive: true, mode: 0o700 })
  const log = openSync(paths.ownLog, 'w', 0o600)
  const [program, ...args] = options.entry
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  let exit: string | null = null
  child.once('error', (error) => {
    exit = error.message
  })
  child.once('exit', (code, signal) => {
    exit = `it ended with ${signal ?? `code ${code}`}`
  })
  child.unref()
  const limit = Date.now() + startLimitMs
  while (Date.now() < limit) {
    const status = await statusIfUp(environment)
    if (status !== null) return status
    if (exit !== null) break
    await pause(50)
  }
  const why = exit ?? `it did not answer within ${startLimitMs / 1_000} s`
  const said = readFileSync(paths.ownLog, 'utf8').trim().slice(-2_000)
  throw new TitrateError(
    'ENVIRONMENT_UNREACHABLE',
    `The supervisor of ${environment.name} did not start: ${why}.\n${said}`,
  )
}

const statusIfUp = async (environment: EnvironmentPlace): Promise<EnvironmentStatus | null> => {
  const answer = await ask<EnvironmentStatus>(
    statePathsOf(environment).socket,
    'GET',
    '/v1/status',
    undefined,
    AbortSignal.timeout(5_000),
  )
  return answer.kind === 'ok' ? answer.value : null
}

/** One question to a running supervisor; a supervisor that doesn't answer is an error, and so is a refusal. */
const told = async <T>(
  file: string,
  method: 'GET' | 'POST',
  path: string,
  body?: Json,
  limitMs = 120_000,
): Promise<T> => {
  const environment = placeOf(file)
  const signal = AbortSignal.timeout(limitMs)
  const answer = await ask<T>(statePathsOf(environment).socket, method, path, body, signal)
  switch (answer.kind) {
    case 'ok':
      return answer.value
    case 'unknown':
      throw new TitrateError('ENVIRONMENT_UNREACHABLE', unreachable(environment.name, file, answer.because))
    case 'refused':
    case 'conflict':
      throw new TitrateError('USAGE', `Environment ${environment.name} refuses: ${answer.because}`)
    default:
      return answer satisfies never
  }
}

export const environmentStatus = (file: string): Promise<EnvironmentStatus> => told(file, 'GET', '/v1/status')

/** Makes the file, as it is now, what should be. Returns when the new definition is in force; replicas follow. */
export const applyEnvironment = async (file: string): Promise<void> => {
  environmentOf(file)
  await told<null>(file, 'POST', '/v1/apply')
}

export const scaleByHand = (file: string, service: string, replicas: number): Promise<{ readonly revision: string }> =>
  told(file, 'POST', `/v1/workloads/${encodeURIComponent(service)}/by-hand`, { replicas })

export const suspendByHand = (
  file: string,
  service: string,
  suspended: boolean,
): Promise<{ readonly revision: string }> =>
  told(file, 'POST', `/v1/schedules/${encodeURIComponent(service)}/by-hand`, { suspended })

/** Drains and ends everything, then the supervisor. Returns when it is gone; false: there was none. */
export const stopSupervisor = async (file: string, limitMs: Millis = 120_000): Promise<boolean> => {
  const environment = placeOf(file)
  const { socket } = statePathsOf(environment)
  const answer = await ask<null>(socket, 'POST', '/v1/down', null, AbortSignal.timeout(5_000))
  if (answer.kind !== 'ok') return false
  const limit = Date.now() + limitMs
  while (Date.now() < limit) {
    if ((await statusIfUp(environment)) === null) return true
    await pause(50)
  }
  const message = `Environment ${environment.name} is still going down after ${limitMs / 1_000} s.`
  throw new TitrateError('ENVIRONMENT_UNREACHABLE', `${message} See it with: titrate env status ${file}`)
}
