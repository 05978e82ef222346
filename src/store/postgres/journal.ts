import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { genesis } from '../../journal/chain.ts'
import {
  type EventRow,
  eventFormat,
  type PreparedAppend,
  planAppend,
  prepareAppend,
  readEntry,
  type Written,
} from '../entries.ts'
import type { AppendAnswer, Head, Store } from '../store.ts'
import { inTransaction, type Postgres } from './connect.ts'
import { fail, noRoom } from './failure.ts'
import { followAppends, notifyAppended } from './watch.ts'

type ReleaseRow = { readonly id: number; readonly epoch: number; readonly position: number; readonly hash: string }

/**
 * Locks the release's row until the end of the transaction: appends of one release stand in line, so that positions
 * have no gaps and are seen in their order. The commit is durable even where the server's default says otherwise.
 */
const lockRelease = async (client: pg.PoolClient, release: string): Promise<ReleaseRow> => {
  const select = `select id, epoch, position, hash,
      case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', true) end
    from titrate.releases where name = $1 for update`
  const found = await client.query<ReleaseRow>(select, [release])
  if (found.rows[0] !== undefined) return found.rows[0]
  await addRelease(client, release)
  const added = await client.query<ReleaseRow>(select, [release])
  const row = added.rows[0]
  if (row === undefined) throw new Error(`the row of the release ${release} is gone`)
  return row
}

export const addRelease = async (client: pg.PoolClient, release: string): Promise<void> => {
  await client.query(
    `insert into titrate.releases (name, epoch, position, hash, observation) values ($1, 0, 0, $2, 0)
     on conflict (name) do nothing`,
    [release, genesis.hash],
  )
}

/** Each found by one look at the end of its index, however long the stream is. */
const readVersions = async (
  client: pg.PoolClient,
  release: number,
  streams: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await client.query<{ stream: string; version: number }>(
    `select s.stream, coalesce((
       select e.version from titrate.events e
       where e.release = $1 and e.stream = s.stream order by e.version desc limit 1), 0) as version
     from unnest($2::text[]) as s (stream)`,
    [release, [...new Set(streams)]],
  )
  return new Map(rows.map(({ stream, version }) => [stream, version]))
}

const writeEvents = async (
  client: pg.PoolClient,
  { id, written, head, epoch }: { id: number; written: readonly Written[]; head: Head; epoch: number },
): Promise<void> => {
  const fields = ['position', 'stream', 'version', 'at', 'epoch', 'observation', 'hash'] as const
  const columns = fields.map((field) => written.map(({ entry }) => entry[field]))
  await client.query(
    `with written as (
       insert into titrate.events (release, format, position, stream, version, at, epoch, observation, hash, body)
       select $1, $2, * from unnest($3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::text[], $10::text[])
     )
     update titrate.releases set position = $11, hash = $12, epoch = $13 where id = $1`,
    [id, eventFormat, ...columns, written.map(({ json }) => json), head.position, head.hash, epoch],
  )
}

/** The journal's part of a store. */
export const createJournal = (
  postgres: Postgres,
  release: string,
): Pick<Store, 'append' | 'read' | 'head' | 'claimEpoch' | 'watch'> => {
  const { pool, where } = postgres
  /** Tells our own notifications from those of others. */
  const writer = randomUUID()

  const write = async (client: pg.PoolClient, append: PreparedAppend): Promise<AppendAnswer> => {
    const row = await lockRelease(client, release)
    const streams = append.batches.map(({ stream }) => stream)
    const versions = await readVersions(client, row.id, streams)
    const plan = planAppend(append, {
      head: { position: row.position, hash: row.hash },
      epoch: row.epoch,
      versionOf: (stream) => versions.get(stream) ?? 0,
    })
    if (plan.kind !== 'write') return plan
    await writeEvents(client, { id: row.id, ...plan })
    await notifyAppended(client, { writer, release })
    return { kind: 'appended', entries: plan.written.map(({ entry }) => entry) }
  }

  return {
    append: async (append) => {
      const prepared = prepareAppend(append)
      try {
        return await inTransaction(postgres, (client) => write(client, prepared))
      } catch (error) {
        const because = noRoom(error)
        if (because === null) throw error
        return { kind: 'full', because: `The store ${where} took nothing: ${because}.` }
      }
    },

    read: async (after, limit) => {
      const { rows } = await pool
        .query<EventRow>(
          `select position, stream, version, at, epoch, observation, hash, format, body from titrate.events
           where release = (select id from titrate.releases where name = $1) and position > $2
           order by position limit $3`,
          [release, after, limit],
        )
        .catch(fail(where))
      return rows.map(readEntry)
    },

    head: async () => {
      const { rows } = await pool
        .query<Head>('select position, hash from titrate.releases where name = $1', [release])
        .catch(fail(where))
      return rows[0] ?? genesis
    },

    claimEpoch: (atLeast) =>
      inTransaction(postgres, async (client) => {
        const row = await lockRelease(client, release)
        const epoch = Math.max(row.epoch, atLeast) + 1
        await client.query('update titrate.releases set epoch = $2 where id = $1', [row.id, epoch])
        return epoch
      }).catch(fail(where)),

    watch: (appended, signal) => followAppends(postgres, { writer, release, appended, signal }),
  }
}
