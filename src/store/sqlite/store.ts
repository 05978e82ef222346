import { resolve } from 'node:path'
import { checkName, isRowSound } from '../entries.ts'
import type { Store, StoreListing, StoreLock } from '../store.ts'
import { connect } from './connect.ts'
import { damaged, storeError } from './failure.ts'
import { createJournal } from './journal.ts'
import { takeLock } from './lock.ts'
import { createObservations } from './observations.ts'
import { identityOf, openSession } from './session.ts'

/**
 * A store in one file, which may hold several releases, and may be open in several processes. SQLite works in this
 * thread: a call has happened when it returns its promise.
 */
export const openSqliteStore = async (options: { readonly file: string; readonly release: string }): Promise<Store> => {
  const { release } = options
  checkName('release', release)
  const file = resolve(options.file)
  const session = openSession(file, release)
  const journal = createJournal(session)
  const locks = new Set<StoreLock>()
  const closed = new AbortController()
  return {
    release,
    where: file,
    ...journal,
    ...createObservations(session),

    lock: async () => {
      const lock = takeLock(file, release)
      if (lock !== null) locks.add(lock)
      return lock
    },

    watch: (appended, signal) => journal.watch(appended, AbortSignal.any([signal, closed.signal])),

    close: async () => {
      closed.abort()
      for (const lock of locks) await lock.release()
      session.db.close()
    },
  }
}

const listingShape = { whole: ['createdAt', 'position'], text: ['release', 'hash'] }

/** All releases of a file that have begun, oldest first. A file that isn't there has none, and is not created. */
export const listSqliteReleases = async ({ file }: { readonly file: string }): Promise<readonly StoreListing[]> => {
  const path = resolve(file)
  if (identityOf(path) === null) return []
  const db = connect(path)
  try {
    const rows = db
      .prepare<[], { release: string; createdAt: number; position: number; hash: string }>(
        `select r.name as release, e.at as createdAt, r.position, r.hash
         from releases r join events e on e.release = r.id and e.position = 1 order by e.at, r.id`,
      )
      .all()
    if (!rows.every((row) => isRowSound(row, listingShape))) {
      throw damaged(path, 'what it says of its releases has values of other types than it should')
    }
    return rows.map(({ position, hash, ...row }) => ({ ...row, head: { position, hash } }))
  } catch (error) {
    throw storeError(path, error)
  } finally {
    db.close()
  }
}
