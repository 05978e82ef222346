import pg from 'pg'
import { TitrateError } from '../../errors.ts'
import { pendingMigrations, readMigrations } from '../migrations.ts'
import { noRoom, storeError } from './failure.ts'

/** The address without password or options (which may hold one too). */
const placeOf = (url: string): string => {
  const parsed = URL.parse(url)
  // Neither the text nor the parser's error is shown: both may hold the password.
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new TitrateError(
      'STORE_UNAVAILABLE',
      'The address of the store is not a PostgreSQL URL. Expected: postgres://user:password@host:port/database',
    )
  }
  const user = parsed.username === '' ? '' : `${parsed.username}@`
  return `postgres://${user}${parsed.host}${parsed.pathname}`
}

/** PostgreSQL's bigint, which the driver gives as text. All of ours are counts and milliseconds. */
const parseBigint = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is too large for a number`)
  return value
}

const bigintOid = 20

export type Postgres = {
  /** For messages; without any password. */
  readonly where: string
  readonly pool: pg.Pool
  /** A connection of its own, outside of the pool, not yet connected. */
  createClient(): pg.Client
}

const connectTo = (url: string): Postgres => {
  const where = placeOf(url)
  const config: pg.ClientConfig = {
    connectionString: url,
    application_name: 'titrate',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 5_000,
    // The server's limits; then ours, for a server that no longer answers at all.
    statement_timeout: 10_000,
    lock_timeout: 5_000,
    query_timeout: 15_000,
    // An engine that is frozen in mid-append must not hold the release's lock for ever.
    idle_in_transaction_session_timeout: 10_000,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === bigintOid ? parseBigint : pg.types.getTypeParser(oid, format),
    },
  }
  const pool = new pg.Pool({ ...config, max: 4, idleTimeoutMillis: 60_000 })
  // Without listeners a broken connection would end the process. Whoever uses it next, or now, gets the error anyway.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return { where, pool, createClient: () => new pg.Client(config) }
}

/** Connects, and brings the schema up to date. Throws STORE_UNAVAILABLE with the reason, or STORE_NEWER. */
export const connect = async (url: string): Promise<Postgres> => {
  const postgres = connectTo(url)
  try {
    await checkEncoding(postgres)
    await migrate(postgres)
    return postgres
  } catch (error) {
    await postgres.pool.end()
    throw storeError(postgres.where, error)
  }
}

const checkEncoding = async ({ pool, where }: Postgres): Promise<void> => {
  const { rows } = await pool.query<{ server_encoding: string }>('show server_encoding')
  const encoding = rows[0]?.server_encoding
  if (encoding === 'UTF8') return
  throw new TitrateError(
    'STORE_UNAVAILABLE',
    `The store ${where} can't be used: its database has the encoding ${encoding}, and UTF8 is needed. Create one with it.`,
    { details: { where, encoding } },
  )
}

/** Any number, the same in every process: two that start at once migrate one after the other. */
const migrationLock = '7310868735406797170'

const migrate = async (postgres: Postgres): Promise<void> => {
  const { pool, where } = postgres
  const migrations = readMigrations(new URL('.', import.meta.url))
  // Looked at first: whoever only reads needs no right to change the schema.
  if (pendingMigrations(migrations, { version: await versionOf(pool), where }).length === 0) return
  await inTransaction(postgres, async (client) => {
    await client.query('select pg_advisory_xact_lock($1::bigint)', [migrationLock])
    const pending = pendingMigrations(migrations, { version: await versionOf(client), where })
    if (pending.length === 0) return
    await client.query('create schema if not exists titrate')
    await client.query(
      'create table if not exists titrate.migrations (version integer primary key, name text not null, applied_at timestamptz not null default now())',
    )
    for (const { version, name, sql } of pending) {
      await client.query(sql)
      await client.query('insert into titrate.migrations (version, name) values ($1, $2)', [version, name])
    }
  })
}

const versionOf = async (client: pg.Pool | pg.PoolClient): Promise<number> => {
  // Not to_regclass(): while it waits for the lock, a session may go on believing that there is no such table.
  const table = await client.query(
    `select 1 from pg_catalog.pg_tables where schemaname = 'titrate' and tablename = 'migrations'`,
  )
  if (table.rows.length === 0) return 0
  const { rows } = await client.query<{ version: number }>(
    'select coalesce(max(version), 0) as version from titrate.migrations',
  )
  return rows[0]?.version ?? 0
}

/**
 * Runs the work in one transaction. Errors get the store's words, but for the server's answer that there is no room:
 * an append tells that as a value. What failed is not stored, except when the
 * answer to the commit itself was lost: `appended: 'unknown'`.
 */
export const inTransaction = async <T>(
  { pool, where }: Postgres,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> => {
  let client: pg.PoolClient | undefined
  let isCommitting = false
  try {
    client = await pool.connect()
    await client.query('begin')
    const result = await work(client)
    isCommitting = true
    await client.query('commit')
    client.release()
    return result
  } catch (error) {
    // Closing the connection rolls back, whatever state it is in.
    client?.release(true)
    throw noRoom(error) === null ? storeError(where, error, isCommitting ? 'unknown' : 'no') : error
  }
}
