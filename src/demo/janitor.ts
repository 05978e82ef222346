import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { stopSupervisor } from '../providers/local/daemon.ts'
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

let paths: DemoPaths | null = null
let keep: readonly string[] = []
let engine: number | null = null

// Only the demo sends messages here, in these shapes.
process.on('message', (message: JanitorMessage) => {
  if (message.kind === 'engine') engine = message.pid
  else ({ paths, keep } = message)
})
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined)

/** One after the other would take the sum of their drains. */
const stopAll = async ({ router, blue, green }: DemoPaths): Promise<void> => {
  await stopRouter(router).catch(() => false)
  await Promise.all([blue, green].map((file) => stopSupervisor(file, 30_000).catch(() => false)))
}

const tidy = async (): Promise<void> => {
  if (engine !== null) {
    try {
      process.kill(engine, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  if (paths === null) return
  await stopAll(paths)
  for (const name of readdirSync(paths.folder))
    if (!keep.includes(name) && !keep.includes('*')) rmSync(join(paths.folder, name), { recursive: true, force: true })
  if (readdirSync(paths.folder).length === 0) rmSync(paths.folder, { recursive: true, force: true })
}

process.once('disconnect', () => {
  void tidy().finally(() => process.exit(0))
})
