import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { TitrateError } from '../../errors.ts'
import { genesis } from '../../journal/chain.ts'
import type { Json } from '../../moves/goal.ts'
import {
  checkName,
  eventFormat,
  type PreparedAppend,
  planAppend,
  prepareAppend,
  prepareObservation,
  prunedLine,
  readEntry,
} from '../entries.ts'
import type { AppendAnswer, Head, Store, StoredObservation, StoreListing, StoreLock } from '../store.ts'
import { connect } from './connect.ts'
import { noRoom, storeError } from './failure.ts'
import { takeLock } from './lock.ts'
import { type ObservationRow, prepareStatements, type ReleaseRow } from './statements.ts'
import { watchFile } from './watch.ts'

/**
 * A store in one file. SQLite works in this thread: each call has happened when it returns its promise.
 * The file may hold several releases; several processes may have it open.
 */
export const openSqliteStore = async (options: { readonly file: string; readonly release: string }): Promise<Store> => {
  const { release } = options
  checkName('release', release)
  const file = resolve(options.file)
  const db = connect(file)
  const sql = prepareStatements(db)
  const identity = identityOf(file)
  const locks = new Set<StoreLock>()
  const closed = new AbortController()
  const watchers = new Set<() => void>()
  /** The journal's head as far as it is known here: a head beyond it was appended by somebody else. */
  let known = sql.release.get(release)?.position ?? 0

  /** Runs SQL and gives its errors the store's words. */
  const attempt = <T>(work: () => T): T => {
    try {
      checkIdentity(file, identity)
      return work()
    } catch (error) {
      throw storeError(file, error)
    }
  }
  const transaction = <T>(work: () => T): T => db.transaction(work).immediate()
  const find = (): ReleaseRow | undefined => sql.release.get(release)
  const findOrAdd = (): ReleaseRow => {
    const row = find()
    if (row !== undefined) return row
    const id = Number(sql.addRelease.run(release, genesis.hash).lastInsertRowid)
    return { id, epoch: 0, position: 0, hash: genesis.hash, observation: 0 }
  }

  const seeHead = (position: number, ours: number): void => {
    const isForeign = position - ours > known
    known = Math.max(known, position)
    if (isForeign) for (const appended of watchers) queueMicrotask(appended)
  }

  const write = (append: PreparedAppend): AppendAnswer => {
    const row = findOrAdd()
    const plan = planAppend(append, {
      head: row,
      epoch: row.epoch,
      versionOf: (stream) => sql.version.get(row.id, stream) ?? 0,
    })
    if (plan.kind !== 'write') return plan
    for (const { entry, json } of plan.written) {
      const { event: _, ...fields } = entry
      sql.addEvent.run({ ...fields, release: row.id, format: eventFormat, body: json })
    }
    sql.setHead.run({ id: row.id, epoch: plan.epoch, ...plan.head })
    return { kind: 'appended', entries: plan.written.map(({ entry }) => entry) }
  }

  return {
    release,
    where: file,

    append: async (append) => {
      const prepared = prepareAppend(append)
      try {
        const answer = attempt(() => transaction(() => write(prepared)))
        if (answer.kind === 'appended') seeHead(answer.entries.at(-1)?.position ?? known, answer.entries.length)
        return answer
      } catch (error) {
        const because = noRoom(error instanceof TitrateError ? error.cause : error)
        if (because === null) throw error
        return { kind: 'full', because: `The store ${file} took nothing: ${because}.` }
      }
    },

    read: async (after, limit) =>
      attempt(() => {
        const row = find()
        return row === undefined ? [] : sql.events.all(row.id, after, limit).map(readEntry)
      }),

    head: async () =>
      attempt((): Head => {
        const { position, hash } = find() ?? genesis
        return { position, hash }
      }),

    claimEpoch: async (atLeast) =>
      attempt(() =>
        transaction(() => {
          const { id, position, hash, epoch: highest } = findOrAdd()
          const epoch = Math.max(highest, atLeast) + 1
          sql.setHead.run({ id, position, hash, epoch })
          return epoch
        }),
      ),

    lock: async () => {
      const lock = takeLock(file, release)
      if (lock !== null) locks.add(lock)
      return lock
    },

    observe: async (observations) => {
      const prepared = observations.map(prepareObservation)
      const record = (): number => {
        const row = findOrAdd()
        let id = row.observation
        for (const observation of prepared) {
          id += 1
          sql.addObservation.run({ ...observation, release: row.id, id })
          if (observation.kind === 'fact') sql.setLatestFact.run(row.id, observation.subject, id)
        }
        sql.setObservation.run(id, row.id)
        return id
      }
      return attempt(() => {
        // Not synced by itself: the log is one, so the sync of the next event carries what was observed before it.
        db.pragma('synchronous = normal')
        try {
          return transaction(record)
        } finally {
          db.pragma('synchronous = full')
        }
      })
    },

    facts: async () =>
      attempt(() => {
        const row = find()
        return row === undefined ? [] : sql.facts.all(row.id).map(readObservation)
      }),

    observations: async ({ kind, subjectPrefix, after, limit }) =>
      attempt(() => {
        const row = find()
        if (row === undefined) return []
        const page = { release: row.id, kind, after, limit }
        const rows =
          subjectPrefix === ''
            ? sql.allObservations.all(page)
            : sql.observationsBelow.all({ ...page, from: subjectPrefix, to: `${subjectPrefix}\u{10ffff}` })
        return rows.map(readObservation)
      }),

    prune: async (upTo) =>
      attempt(() =>
        transaction(() => {
          const { id } = findOrAdd()
          const hash = createHash('sha256')
          for (const row of sql.prunable.iterate(id, upTo)) hash.update(prunedLine(row))
          return { removed: sql.prune.run(id, upTo).changes, hash: hash.digest('hex') }
        }),
      ),

    watch: (appended, signal) => {
      const ended = AbortSignal.any([signal, closed.signal])
      if (ended.aborted) return
      watchers.add(appended)
      ended.addEventListener('abort', () => watchers.delete(appended), { once: true })
      let seen = db.pragma('data_version', { simple: true })
      const look = (): void => {
        try {
          // Changes with every commit of another connection, and costs no read of the file.
          const version = db.pragma('data_version', { simple: true })
          if (version === seen) return
          seen = version
          seeHead(find()?.position ?? 0, 0)
        } catch {
          // Only a hint was missed; the store's other calls tell what is wrong.
        }
      }
      watchFile(file, look, ended)
    },

    close: async () => {
      closed.abort()
      for (const lock of locks) await lock.release()
      db.close()
    },
  }
}

const readObservation = ({ body, ...row }: ObservationRow): StoredObservation => ({
  ...row,
  body: JSON.parse(body) as Json, // Written by `prepareObservation`.
})

/** The file behind the name. Where it can't be told, the name must do. */
const identityOf = (file: string): string | null => {
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
    return rows.map(({ position, hash, ...row }) => ({ ...row, head: { position, hash } }))
  } catch (error) {
    throw storeError(path, error)
  } finally {
    db.close()
  }
}
