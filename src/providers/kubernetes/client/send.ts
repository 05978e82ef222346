import { setTimeout as pause } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import type { Millis } from '../../../moves/goal.ts'
import { waitBefore } from './backoff.ts'
import type { ServerClock } from './server-clock.ts'
import type { Session, Sessions } from './session.ts'
import type { TokenBucket, Urgency } from './token-bucket.ts'
import { troubleInWords, whyNotKnown } from './trouble.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export type Question = {
  readonly method: Method
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  /** `application/json` unless said otherwise. */
  readonly contentType?: string
  /** How the answer may be written; `application/json` unless said otherwise. */
  readonly accept?: string
  readonly urgency?: Urgency
  /** The caller's limit. Each question has one of its own as well. */
  readonly signal: AbortSignal
}

/**
 * - `reply`: the API server answered, with whatever status; `text` is the body as it came.
 * - `lost`: no answer; what was asked may have been done and may yet be.
 * - `not known`: the credentials were refused or could not be had; nothing was done.
 */
export type Reply =
  | { readonly kind: 'reply'; readonly status: number; readonly text: string }
  | { readonly kind: 'lost'; readonly because: string }
  | { readonly kind: 'not known'; readonly because: string }

/** An answer of which the body is still to come: a watch. */
export type Stream = { readonly kind: 'stream'; readonly body: Dispatcher.ResponseData['body'] }

export type Sender = {
  send(question: Question): Promise<Reply>
  /** Opens a watch; `silentMs`: how long it may say nothing. Replies other than 200 come whole. */
  open(question: Question, silentMs: Millis): Promise<Reply | Stream>
}

type Deps = {
  readonly server: string
  readonly userAgent: string
  readonly sessions: Sessions
  readonly bucket: TokenBucket
  readonly clock: ServerClock
  readonly now: () => Millis
  readonly random: () => number
}

/** How long the API server may take for one answer. Its own limit for a request is 60 s, of which admission hooks may take 30. */
const answerMs: Millis = 60_000
const mostTries = 5
const crowded = { firstMs: 500, mostMs: 10_000 }

/** `read`: its body was read, or thrown away, so that there is nothing to wait for any more. */
type Sent = { readonly session: Session; readonly response: Dispatcher.ResponseData; readonly read: () => void }

/**
 * The signal with a limit of its own, that goes with its request: `AbortSignal.timeout` stays for its whole minute, and at 40
 * requests a second there would be thousands.
 */
const limited = (signal: AbortSignal, ms: Millis): { readonly signal: AbortSignal; readonly end: () => void } => {
  const own = new AbortController()
  const stop = (): void => own.abort(signal.reason)
  const timer = setTimeout(() => own.abort(new DOMException('the time is over', 'TimeoutError')), ms)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  const end = (): void => {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
  return { signal: own.signal, end }
}

export const createSender = (deps: Deps): Sender => {
  const { server, sessions, bucket, now, random } = deps
  const base = new URL(server)

  const dispatch = async (question: Question, session: Session, silentMs: Millis | null): Promise<Sent> => {
    const { method, body, urgency = 'normal', signal } = question
    await bucket.take(urgency, signal)
    const dispatcher = silentMs === null ? session.requests : session.watches
    const type = question.contentType ?? 'application/json'
    const sentAt = now()
    const limit = silentMs === null ? limited(signal, answerMs) : { signal, end: () => undefined }
    const request = dispatcher.request({
      origin: base.origin,
      path: `${base.pathname.replace(/\/$/, '')}${question.path}${queryOf(question)}`,
      method,
      headers: {
        ...session.headers,
        accept: question.accept ?? 'application/json',
        'user-agent': deps.userAgent,
        ...(body === undefined ? {} : { 'content-type': type }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: limit.signal,
      headersTimeout: answerMs,
      bodyTimeout: silentMs ?? answerMs,
    })
    request.catch(limit.end)
    const response = await request
    deps.clock.heard(response.headers.date, sentAt, now())
    return { session, response, read: limit.end }
  }

  /** Comes back with anything but a 401 that a new session helps, or a 429 that waiting helps. */
  const persist = async (question: Question, silentMs: Millis | null): Promise<Sent | Reply> => {
    const found = await sessions.current(question.signal)
    if (found.kind !== 'ok') return { kind: 'not known', because: found.because }
    let session = found.value
    for (let tries = 1; ; tries++) {
      const sent = await dispatch(question, session, silentMs)
      const { statusCode, headers } = sent.response
      if (statusCode === 401 && tries < mostTries) {
        await thrownAway(sent)
        const renewed = await sessions.renew(session, question.signal)
        if (renewed.kind !== 'ok') return { kind: 'not known', because: renewed.because }
        if (renewed.value === session) return notKnown(session)
        session = renewed.value
        continue
      }
      if (statusCode !== 429 || tries >= mostTries) return sent
      await thrownAway(sent)
      const asked = Number(headers['retry-after'])
      const waitMs = asked > 0 ? asked * 1000 + random() * 250 : waitBefore(tries, crowded, random)
      await pause(waitMs, undefined, { signal: question.signal })
    }
  }
  const notKnown = ({ certificate, headers }: Session): Reply => {
    const shown = headers['authorization'] === undefined ? certificate : null
    return {
      kind: 'not known',
      because: `the API server does not accept the credentials (401). ${whyNotKnown(shown, now())}`,
    }
  }

  /** Reads may be made again at once when a connection that was kept turns out to be closed. */
  const mayRepeat = (question: Question, error: unknown): boolean =>
    question.method === 'GET' &&
    !question.signal.aborted &&
    ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))

  const guarded = async <T>(question: Question, run: () => Promise<T | Reply>): Promise<T | Reply> => {
    for (let isFirst = true; ; isFirst = false) {
      try {
        return await run()
      } catch (error) {
        if (isFirst && mayRepeat(question, error)) continue
        return { kind: 'lost', because: troubleInWords(question.signal.aborted ? aborted : error, server) }
      }
    }
  }
  const whole = async (sent: Sent | Reply): Promise<Reply> => {
    if ('kind' in sent) return sent
    const { statusCode, body } = sent.response
    if (statusCode === 401) {
      await thrownAway(sent)
      return notKnown(sent.session)
    }
    const text = await body.text().finally(sent.read)
    return { kind: 'reply', status: statusCode, text }
  }

  return {
    send: (question) => guarded<Reply>(question, async () => whole(await persist(question, null))),
    open: (question, silentMs) =>
      guarded<Reply | Stream>(question, async () => {
        const sent = await persist(question, silentMs)
        if ('kind' in sent || sent.response.statusCode !== 200) return whole(sent)
        return { kind: 'stream', body: sent.response.body }
      }),
  }
}

const thrownAway = ({ response, read }: Sent): Promise<void> => response.body.dump().finally(read)

const aborted = Object.assign(new Error('aborted'), { name: 'AbortError' })

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

const queryOf = ({ query = {} }: Question): string => {
  const given = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) given.set(key, String(value))
  return given.size === 0 ? '' : `?${given.toString()}`
}
