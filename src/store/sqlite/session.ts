import { statSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { TitrateError } from '../../errors.ts'
import { genesis } from '../../journal/chain.ts'
import { isRowSound } from '../entries.ts'
import { connect } from './connect.ts'
import { damaged, storeError } from './failure.ts'
import { prepareStatements, type ReleaseRow, type Statements } from './statements.ts'

/** A connection to a store's file, for one release. */
export type Session = {
  readonly file: string
  readonly release: string
  readonly db: Database.Database
  readonly sql: Statements
  /** Where the journal ended when it was opened. */
  readonly openedAt: number
  /** Runs SQL and gives its errors the store's words. */
  attempt<T>(work: () => T): T
  /** The same in one transaction, which has the write lock from its beginning. */
  commit<T>(work: () => T): T
  findRelease(): ReleaseRow | undefined
  /** Within `commit`: a release has a row from its first write on. */
  findOrAddRelease(): ReleaseRow
}

/** Throws STORE_UNAVAILABLE when the file can't be used, or is too damaged to say where the journal ends. */
export const openSession = (file: string, release: string): Session => {
  const db = connect(file)
  const identity = identityOf(file)

  const attempt = <T>(work: () => T): T => {
    try {
      checkIdentity(file, identity)
      return work()
    } catch (error) {
      throw storeError(file, error)
    }
  }

  const { sql, openedAt } = closingOnFailure(db, () =>
    attempt(() => {
      const statements = prepareStatements(db)
      return { sql: statements, openedAt: findRelease(file, statements, release)?.position ?? 0 }
    }),
  )
  return {
    ...{ file, release, db, sql, openedAt, attempt },
    commit: (work) => attempt(() => db.transaction(work).immediate()),
    findRelease: () => findRelease(file, sql, release),
    findOrAddRelease: () => {
      const row = findRelease(file, sql, release)
      if (row !== undefined) return row
      const id = Number(sql.addRelease.run(release, genesis.hash).lastInsertRowid)
      return { id, epoch: 0, position: 0, hash: genesis.hash, observation: 0 }
    },
  }
}

const releaseShape = { whole: ['id', 'epoch', 'position', 'observation'], text: ['hash'] }

const findRelease = (file: string, sql: Statements, release: string): ReleaseRow | undefined => {
  const row = sql.release.get(release)
  if (row === undefined || isRowSound(row, releaseShape)) return row
  throw damaged(file, `what it says of release ${release} has values of other types than it should`)
}

const closingOnFailure = <T>(db: Database.Database, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    db.close()
    throw error
  }
}

/** The file behind a name; null when there is none. */
export const identityOf = (file: string): string | null => {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.dev}/${stat.ino}`
}

/** A file that was removed or replaced still takes writes, and they are gone when the last process closes it. */
const checkIdentity = (file: string, identity: string | null): void => {
  if (identityOf(file) === identity) return
  throw new TitrateError(
    'STORE_UNAVAILABLE',
    `The store ${file} was removed or replaced while it was in use. Put the file back, and start again.`,
    { details: { where: file, appended: 'no' } },
  )
}
