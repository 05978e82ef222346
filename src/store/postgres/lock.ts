import { createHash } from 'node:crypto'
import type { StoreLock } from '../store.ts'
import type { Postgres } from './connect.ts'
import { storeError } from './failure.ts'

/** How soon both ends notice that the other is gone without a word. */
const heartbeatMillis = 5_000

/** Advisory locks are numbers of 64 bits, shared by all programs of a database. */
const lockKey = (release: string): string =>
  createHash('sha256').update(`titrate ${release}`).digest().readBigInt64BE().toString()

/**
 * PostgreSQL's advisory lock of a session, on a connection of its own: the server gives it free when the connection
 * ends. So a broken connection is a lost lock, and so is one that doesn't answer: `lost` aborts. Null: it is held elsewhere.
 */
export const takeLock = async (postgres: Postgres, release: string): Promise<StoreLock | null> => {
  const client = postgres.createClient()
  const lost = new AbortController()
  let isReleased = false
  client.on('error', () => {}) // 'end' follows it.
  try {
    await client.connect()
    // The server looks after a silent client as often as the client after a silent server.
    await client.query(`set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 2`)
    const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock($1::bigint) as held', [
      lockKey(release),
    ])
    if (rows[0]?.held !== true) {
      await client.end()
      return null
    }
  } catch (error) {
    await client.end().catch(() => {})
    throw storeError(postgres.where, error)
  }

  const timer = setInterval(() => {
    const answered = AbortSignal.timeout(heartbeatMillis)
    answered.addEventListener('abort', lose, { once: true })
    client.query('select 1').then(() => answered.removeEventListener('abort', lose), lose)
  }, heartbeatMillis)
  const lose = (): void => {
    clearInterval(timer)
    if (isReleased || lost.signal.aborted) return
    lost.abort(new Error(`The connection to ${postgres.where} that held the engine's lock is gone.`))
    void client.end().catch(() => {})
  }
  timer.unref()
  client.once('end', lose)

  return {
    lost: lost.signal,
    release: async () => {
      if (isReleased) return
      isReleased = true
      clearInterval(timer)
      await client.end().catch(() => {})
    },
  }
}
