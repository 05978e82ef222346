import Database from 'better-sqlite3'
import { TitrateError } from '../../errors.ts'

type Failure = { readonly reason: 'no room' | 'read only' | 'damaged' | 'busy' | 'other'; readonly because: string }

const restore = 'keep it aside, and put a copy from before in its place'

/** What SQLite's result codes (https://www.sqlite.org/rescode.html) mean for a store, in words for a person. */
const failureOf = (code: string, message: string): Failure => {
  // IOERR_WRITE is what a quota that is used up gives; IOERR_SHMSIZE what a full disk gives when the index of the log grows.
  if (/^SQLITE_(FULL|IOERR_WRITE|IOERR_SHMSIZE)/.test(code)) {
    return { reason: 'no room', because: 'there is no room left: free some space on its disk' }
  }
  if (/^SQLITE_(READONLY|PERM)/.test(code)) {
    return { reason: 'read only', because: 'it is read only: make the file and its folder writable' }
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    return { reason: 'damaged', because: `it is damaged, or not a store of Titrate (${message}): ${restore}` }
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return { reason: 'busy', because: 'another process holds its write lock for too long: see which one has it open' }
  }
  if (/^SQLITE_CANTOPEN/.test(code)) {
    return { reason: 'other', because: 'it could not be opened: check that the file and its folder may be written' }
  }
  return { reason: 'other', because: `SQLite answered ${code}: ${message}` }
}

/** Why an append found no room; null for every other fault, and for faults of ours. */
export const noRoom = (error: unknown): string | null => {
  if (!(error instanceof Database.SqliteError)) return null
  const { reason, because } = failureOf(error.code, error.message)
  return reason === 'no room' || reason === 'read only' ? because : null
}

/** An error of SQLite as the store's; others pass unchanged. */
export const storeError = (where: string, error: unknown): unknown => {
  if (!(error instanceof Database.SqliteError)) return error
  const { because } = failureOf(error.code, error.message)
  const hasNoRoom = noRoom(error) !== null
  return new TitrateError('STORE_UNAVAILABLE', `The store ${where} can't be used: ${because}.`, {
    // A commit whose sync failed is the one that may come back after a crash; all others were rolled back.
    details: { where, code: error.code, noRoom: hasNoRoom, appended: /FSYNC/.test(error.code) ? 'unknown' : 'no' },
    cause: error,
  })
}

/** SQLite read it, and it is none of what was written. */
export const damaged = (where: string, what: string): TitrateError =>
  new TitrateError('STORE_UNAVAILABLE', `The store ${where} can't be used: it is damaged (${what}): ${restore}.`, {
    details: { where, appended: 'no' },
  })
