import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { TitrateError } from '../../errors.ts'
import { pendingMigrations, readMigrations } from '../migrations.ts'
import { storeError } from './failure.ts'

/** "Titr": tells a store from the databases of other programs. */
const applicationId = 0x54697472

/** Kibibytes of pages that are kept in memory. By itself it would be 16 MB, of which a journal that is mostly appended to uses nothing. */
const cacheKibibytes = 4_096

/** Writers hold the lock for milliseconds. SQLite waits in this thread, so the limit is short. */
const busyMillis = 3_000

/**
 * Opens a store's file, creates it and its folder where they are missing, and brings its schema up to date.
 * Throws STORE_UNAVAILABLE with the reason, or STORE_NEWER.
 */
export const connect = (file: string): Database.Database => {
  let db: Database.Database | undefined
  try {
    mkdirSync(dirname(file), { recursive: true })
    db = new Database(file, { timeout: busyMillis })
    checkOwner(db, file)
    db.pragma('journal_mode = wal')
    db.pragma('synchronous = full')
    db.pragma('foreign_keys = on')
    db.pragma(`cache_size = -${cacheKibibytes}`)
    migrate(db, file)
    return db
  } catch (error) {
    db?.close()
    throw unopened(file, error)
  }
}

const unopened = (file: string, error: unknown): unknown => {
  if (error instanceof TitrateError) return error
  const known = storeError(file, error)
  if (known !== error) return known
  const because = error instanceof Error ? error.message : String(error)
  return new TitrateError('STORE_UNAVAILABLE', `The store ${file} could not be opened: ${because}.`, {
    details: { where: file },
    cause: error,
  })
}

/** A database that holds something else must not get our tables. */
const checkOwner = (db: Database.Database, file: string): void => {
  const owner = db.pragma('application_id', { simple: true })
  if (owner === applicationId) return
  const isEmpty = db.prepare('select 1 from sqlite_schema limit 1').get() === undefined
  if (owner === 0 && isEmpty) return
  throw new TitrateError(
    'STORE_UNAVAILABLE',
    `The store ${file} can't be used: it is a database of another program. Name a file that is not there yet, or a store of Titrate.`,
    { details: { where: file } },
  )
}

const migrate = (db: Database.Database, file: string): void => {
  const migrations = readMigrations(new URL('.', import.meta.url))
  // Looked at without the write lock first: whoever only reads must not wait for a writer, nor need room.
  if (pendingMigrations(migrations, { version: versionOf(db), where: file }).length === 0) return
  db.transaction(() => {
    for (const { version, sql } of pendingMigrations(migrations, { version: versionOf(db), where: file })) {
      db.exec(sql)
      db.pragma(`user_version = ${version}`)
    }
    db.pragma(`application_id = ${applicationId}`)
  }).immediate()
}

// The pragma's answer is a 32-bit integer, whatever the file holds.
const versionOf = (db: Database.Database): number => db.pragma('user_version', { simple: true }) as number
