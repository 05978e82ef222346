import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { stopSupervisor } from '../providers/local/supervisor-control.ts'
import { stopRouter } from '../providers/proxy/router-control.ts'
import type { DemoPaths } from './estate-files.ts'

/**
 * Ends all that a demo started, once the demo is gone: finished, interrupted or killed. It is a process of its own,
 * in a session of its own, so that nothing is left behind even after kill -9.
 */
export type JanitorMessage =
  | { readonly kind: 'paths'; readonly paths: DemoPaths; readonly keep: readonly string[] }
  /** The engine that runs now; null: none. */
  | { readonly kind: 'engine'; readonly pid: number | null }
  /** Supervisors and the router, in the order in which they are to end. */
  | { readonly kind: 'daemons'; readonly pids: readonly number[] }

let paths: DemoPaths | null = null
let keep: readonly string[] = []
let engine: number | null = null
let daemons: readonly number[] = []

// Only the demo sends messages here, in these shapes.
process.on('message', (message: JanitorMessage) => {
  if (message.kind === 'engine') engine = message.pid
  else if (message.kind === 'daemons') daemons = message.pids
  else ({ paths, keep } = message)
})
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined)

const orderlyEndMs = 15_000
const pollMs = 50

const signalTo = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}

/** SIGTERM, and SIGKILL for what is still there much later. */
const endProcess = async (pid: number): Promise<void> => {
  const limit = Date.now() + orderlyEndMs
  signalTo(pid, 'SIGTERM')
  while (signalTo(pid, 0)) {
    if (Date.now() > limit) signalTo(pid, 'SIGKILL')
    await pause(pollMs)
  }
}

/** A daemon whose process isn't known yet was being started when the demo died: it is asked by its socket. */
const stopAll = async ({ router, blue, green }: DemoPaths): Promise<void> => {
  if (daemons.length > 0) {
    await Promise.all(daemons.map(endProcess))
    return
  }
  await stopRouter(router).catch(() => false)
  await Promise.all([blue, green].map((file) => stopSupervisor(file, 30_000).catch(() => false)))
}

const tidy = async (): Promise<void> => {
  if (engine !== null) signalTo(engine, 'SIGKILL')
  if (paths === null) return
  await stopAll(paths)
  for (const name of readdirSync(paths.folder))
    if (!keep.includes(name) && !keep.includes('*')) rmSync(join(paths.folder, name), { recursive: true, force: true })
  if (readdirSync(paths.folder).length === 0) rmSync(paths.folder, { recursive: true, force: true })
}

process.once('disconnect', () => {
  void tidy().finally(() => process.exit(0))
})
