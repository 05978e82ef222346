import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Answer } from '../../engine/ports.ts'
import { TitrateError } from '../../errors.ts'
import { askRouter, weightPath } from './router-client.ts'
import { requireRouterFile } from './router-file.ts'
import { routerPathsOf } from './router-paths.ts'
import { type RouterStatus, routerStatusSchema } from './router-status.ts'

const startLimitMs = 15_000
/** Longer than a router gives the answers under way. */
const stopLimitMs = 15_000
/** A router that is away is told at once; one on a busy machine may take its time. */
const answerLimitMs = 15_000
const pollMs = 25

/** What a router says of itself; `unknown`: it does not run, or does not answer. Throws RELEASE_FILE. */
export const routerStatus = async (file: string): Promise<Answer<RouterStatus>> => {
  const { socket } = routerPathsOf(requireRouterFile(file))
  const signal = AbortSignal.timeout(answerLimitMs)
  return await askRouter({ socket, method: 'GET', path: '/v1/status', signal }, routerStatusSchema)
}

/**
 * Starts a router as a process of its own, which outlives this one, and returns when it listens; one that runs already
 * is left as it is. `entry`: the arguments for this Node.js that end in `runRouter(file)`, the program first.
 * Throws RELEASE_FILE for a file with faults, ROUTER_UNAVAILABLE with the reason from its log when it did not start.
 */
export const startRouter = async (options: {
  readonly file: string
  readonly entry: readonly string[]
}): Promise<RouterStatus> => {
  const router = requireRouterFile(options.file)
  const running = await routerStatus(options.file)
  if (running.kind === 'ok') return running.value
  const paths = routerPathsOf(router)
  mkdirSync(paths.directory, { recursive: true, mode: 0o700 })
  const log = openSync(paths.log, 'a', 0o600)
  const child = spawn(process.execPath, options.entry, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  let failed: string | null = null
  child.once('error', (error) => {
    failed = error.message
  })
  child.once('exit', (code, signal) => {
    failed ??= `it ended with ${code ?? signal}`
  })
  child.unref()
  const limit = performance.now() + startLimitMs
  while (failed === null && performance.now() < limit) {
    const status = await routerStatus(options.file)
    if (status.kind === 'ok') return status.value
    await sleep(pollMs)
  }
  const because = failed ?? `it did not answer within ${startLimitMs / 1000} s`
  const message = `Router ${router.name} did not start: ${because}.\n${reasonIn(paths.log)}`
  throw new TitrateError('ROUTER_UNAVAILABLE', message, { details: { log: paths.log } })
}

/**
 * Tells a router to finish the answers under way and to end, and returns when it has. False: it did not run. Throws
 * ROUTER_UNAVAILABLE when it is still there after 15 s.
 */
export const stopRouter = async (file: string): Promise<boolean> => {
  const { name, ...router } = requireRouterFile(file)
  const { socket } = routerPathsOf(router)
  const status = await routerStatus(file)
  if (status.kind !== 'ok') return false
  const { pid } = status.value
  const signal = AbortSignal.timeout(answerLimitMs)
  await askRouter({ socket, method: 'POST', path: '/v1/shutdown', body: {}, signal }, z.null())
  const limit = performance.now() + stopLimitMs
  while (isAlive(pid)) {
    if (performance.now() > limit) {
      const message = `Router ${name} (process ${pid}) still runs ${stopLimitMs / 1000} s after it was told to stop.`
      throw new TitrateError('ROUTER_UNAVAILABLE', message, { details: { pid } })
    }
    await sleep(pollMs)
  }
  return true
}

/** What an operator does past Titrate: sets a weight without a fence. An engine sees it as drift. */
export const setWeightByHand = async (
  file: string,
  service: string,
  green: number,
): Promise<Answer<{ readonly revision: string }>> => {
  const { socket } = routerPathsOf(requireRouterFile(file))
  const signal = AbortSignal.timeout(5_000)
  const call = { socket, method: 'PUT', path: weightPath(service), body: { green }, signal } as const
  return await askRouter(call, z.object({ revision: z.string() }))
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** The last fault that was logged, else the log's last lines: what a person must see to know why. */
const reasonIn = (log: string): string => {
  if (!existsSync(log)) return ''
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-40)
  const fault = lines.map(faultIn).findLast((found) => found !== null)
  return fault ?? lines.slice(-10).join('\n')
}

const faultIn = (line: string): string | null => {
  try {
    return z.object({ fault: z.string() }).parse(JSON.parse(line)).fault
  } catch {
    return null
  }
}
