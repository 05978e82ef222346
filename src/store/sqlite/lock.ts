import { createHash } from 'node:crypto'
import Database from 'better-sqlite3'
import type { StoreLock } from '../store.ts'
import { storeError } from './failure.ts'

/** One file a release beside the store; it stays empty. Names that a file can't have are hashed. */
const lockFile = (file: string, release: string): string => {
  const name = /^[a-zA-Z0-9._-]{1,100}$/.test(release)
    ? release
    : createHash('sha256').update(release).digest('hex').slice(0, 32)
  return `${file}-${name}.lock`
}

/**
 * Holds an exclusive transaction on an empty database of its own. SQLite's lock is the kernel's lock of the file: it is
 * gone with the process, however that ends, and it needs no room on the disk. Null: it is held elsewhere.
 */
export const takeLock = (file: string, release: string): StoreLock | null => {
  const path = lockFile(file, release)
  let db: Database.Database | undefined
  try {
    db = new Database(path, { timeout: 0 })
    // Even an empty transaction notes how to go back; in memory that takes no room on a full disk.
    db.pragma('journal_mode = memory')
    db.exec('begin exclusive')
  } catch (error) {
    db?.close()
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null
    throw storeError(path, error)
  }
  const held = db
  return {
    // The kernel takes it from nobody.
    lost: new AbortController().signal,
    release: async () => {
      held.close()
    },
  }
}
