import type pg from 'pg'
import type { Postgres } from './connect.ts'

const channel = 'titrate_appended'

type Notice = { readonly writer: string; readonly release: string }

/** Sent with the commit of the transaction, or not at all. */
export const notifyAppended = async (client: pg.PoolClient, notice: Notice): Promise<void> => {
  await client.query('select pg_notify($1, $2)', [channel, JSON.stringify(notice)])
}

const firstRetryMillis = 100
const lastRetryMillis = 5_000

/**
 * Listens on a connection of its own, and connects again for as long as the signal lasts. Each (re)connection counts as
 * a hint, because what was appended before it was not heard.
 */
export const followAppends = (
  postgres: Postgres,
  { writer, release, appended, signal }: Notice & { readonly appended: () => void; readonly signal: AbortSignal },
): void => {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let retryMillis = firstRetryMillis

  const hear = ({ payload }: pg.Notification): void => {
    if (payload === undefined || signal.aborted) return
    // Sent by `notifyAppended`; another program's message on this channel must not end ours.
    const notice = parseNotice(payload)
    if (notice?.release === release && notice.writer !== writer) appended()
  }

  const connect = async (): Promise<void> => {
    const next = postgres.createClient()
    client = next
    next.on('error', () => {}) // 'end' follows it.
    next.once('end', retry)
    next.on('notification', hear)
    try {
      await next.connect()
      await next.query(`listen ${channel}`)
      retryMillis = firstRetryMillis
      if (!signal.aborted) appended()
    } catch {
      await next.end().catch(() => {})
      retry()
    }
  }

  const retry = (): void => {
    if (signal.aborted || timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      void connect()
    }, retryMillis)
    timer.unref()
    retryMillis = Math.min(retryMillis * 2, lastRetryMillis)
  }

  if (signal.aborted) return
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(timer)
      void client?.end().catch(() => {})
    },
    { once: true },
  )
  void connect()
}

const parseNotice = (payload: string): Partial<Notice> | null => {
  try {
    const notice: unknown = JSON.parse(payload)
    return typeof notice === 'object' ? notice : null
  } catch {
    return null
  }
}
