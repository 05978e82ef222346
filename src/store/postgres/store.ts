import { checkName } from '../entries.ts'
import type { Store, StoreListing, StoreLock } from '../store.ts'
import { connect } from './connect.ts'
import { fail } from './failure.ts'
import { createJournal } from './journal.ts'
import { takeLock } from './lock.ts'
import { createObservations } from './observations.ts'

/** A store in a PostgreSQL database, in a schema called `titrate`, which may hold several releases. */
export const openPostgresStore = async (options: {
  readonly url: string
  readonly release: string
}): Promise<Store> => {
  const { url, release } = options
  checkName('release', release)
  const postgres = await connect(url)
  const journal = createJournal(postgres, release)
  const locks = new Set<StoreLock>()
  const closed = new AbortController()
  return {
    release,
    where: postgres.where,
    ...journal,
    ...createObservations(postgres, release),

    lock: async () => {
      const lock = await takeLock(postgres, release)
      if (lock !== null) locks.add(lock)
      return lock
    },

    watch: (appended, signal) => journal.watch(appended, AbortSignal.any([signal, closed.signal])),

    close: async () => {
      if (closed.signal.aborted) return
      closed.abort()
      await Promise.all([...locks].map((lock) => lock.release()))
      await postgres.pool.end()
    },
  }
}

/** All releases of a database that have begun, oldest first. */
export const listPostgresReleases = async ({ url }: { readonly url: string }): Promise<readonly StoreListing[]> => {
  const { pool, where } = await connect(url)
  try {
    const { rows } = await pool
      .query<{ release: string; createdAt: number; position: number; hash: string }>(
        `select r.name as release, e.at as "createdAt", r.position, r.hash
         from titrate.releases r join titrate.events e on e.release = r.id and e.position = 1 order by e.at, r.id`,
      )
      .catch(fail(where))
    return rows.map(({ position, hash, ...row }) => ({ ...row, head: { position, hash } }))
  } finally {
    await pool.end()
  }
}
