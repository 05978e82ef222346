import Database from 'better-sqlite3'
import { TitrateError } from '../../errors.ts'

/**
 * One router for one state folder. An exclusive transaction on an empty database is the kernel's lock of that file: it
 * goes with the process, also by kill -9. Throws ROUTER_RUNNING when another holds it.
 */
export const takeRouterLock = (path: string, name: string): { release(): void } => {
  let lock: Database.Database | undefined
  try {
    lock = new Database(path, { timeout: 0 })
    lock.exec('begin exclusive')
  } catch (error) {
    lock?.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      throw new TitrateError('ROUTER_RUNNING', `Router ${name} is already running: ${path} is locked.`)
    }
    throw new TitrateError('ROUTER_UNAVAILABLE', `Router ${name} can't lock ${path}: ${String(error)}`, {
      cause: error,
    })
  }
  const held = lock
  return { release: () => held.close() }
}
