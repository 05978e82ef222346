import type { Dispatcher } from 'undici'
import type { Answer } from '../../../engine/ports.ts'
import type { Millis } from '../../../moves/goal.ts'
import type { ClusterEntry } from './cluster-entry.ts'
import { type Connections, openConnections } from './connections.ts'
import type { CredentialReader, Credentials, Headers } from './credentials.ts'

/** Connections with the identity that requests over them show. */
export type Session = {
  readonly headers: Headers
  readonly requests: Dispatcher
  readonly watches: Dispatcher
  /** The client certificate shown, PEM; null: none. */
  readonly certificate: string | null
}

export type Sessions = {
  current(signal: AbortSignal): Promise<Answer<Session>>
  /** Another session after the API server refused one with 401. The same one again: there is no better for now. */
  renew(refused: Session, signal: AbortSignal): Promise<Answer<Session>>
  /** Ends every connection at once. */
  close(): Promise<void>
}

type Deps = {
  /** Read again at each renewal: somebody may have logged in anew. The server stays the one of the first entry. */
  readonly readEntry: () => Promise<ClusterEntry>
  readonly credentials: CredentialReader
  readonly now: () => Millis
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Helpers that give one bad token after the other must not be started for each request. */
const renewAtMostEveryMs: Millis = 5_000

type Held = {
  readonly session: Session
  readonly connections: Connections
  readonly material: string
  readonly until: Millis | null
}

export const createSessions = (first: ClusterEntry, deps: Deps): Sessions => {
  const { readEntry, credentials, now, environment } = deps
  const ended = new AbortController()
  const opened = new Set<Connections>()
  let held: Held | null = null
  let renewedAt = Number.NEGATIVE_INFINITY
  let underWay: Promise<Answer<Held>> | null = null

  const freshEntry = async (): Promise<ClusterEntry> => {
    const again = await readEntry().catch(() => first)
    return { ...again, cluster: { ...again.cluster, server: first.cluster.server } }
  }
  const hold = async (entry: ClusterEntry, found: Credentials): Promise<Held> => {
    const { headers, certificate, key, until } = found
    const material = JSON.stringify([certificate, key, entry.cluster])
    const kept = held?.material === material ? held.connections : null
    const connections = kept ?? (await openConnections(entry, found, environment))
    if (kept === null) opened.add(connections)
    const { requests, watches } = connections
    return { session: { headers, requests, watches, certificate }, connections, material, until }
  }
  const open = async (renew: boolean): Promise<Answer<Held>> => {
    const entry = held === null ? first : await freshEntry()
    const found = await credentials.read(entry, renew, ended.signal)
    if (found.kind !== 'ok') return found
    try {
      const next = await hold(entry, found.value)
      retire(next)
      held = next
      return { kind: 'ok', value: next }
    } catch (error) {
      return {
        kind: 'unknown',
        because: `The connection settings of context ${entry.context} cannot be used: ${wordsOf(error)}`,
      }
    }
  }
  /** What still runs over the old connections may end by itself: watches do within minutes. */
  const retire = (next: Held): void => {
    const old = held?.connections
    if (old === undefined || old === next.connections) return
    const close = Promise.all([old.requests.close(), old.watches.close()])
    void close.then(() => opened.delete(old)).catch(() => undefined)
  }
  /** One renewal at a time, whoever asks; each asker waits no longer than its own signal. */
  const share = async (renew: boolean, signal: AbortSignal): Promise<Answer<Session>> => {
    underWay ??= open(renew).finally(() => {
      underWay = null
    })
    const answer = await Promise.race([underWay, aborted(signal)])
    return answer.kind === 'ok' ? { kind: 'ok', value: answer.value.session } : answer
  }

  return {
    current: async (signal) => {
      if (held !== null && (held.until === null || now() < held.until)) return { kind: 'ok', value: held.session }
      return share(false, signal)
    },
    renew: async (refused, signal) => {
      if (held !== null && held.session !== refused) return { kind: 'ok', value: held.session }
      if (underWay === null && now() - renewedAt < renewAtMostEveryMs) return { kind: 'ok', value: refused }
      renewedAt = now()
      return share(true, signal)
    },
    close: async () => {
      ended.abort()
      await Promise.all([...opened].map((each) => each.close()))
    },
  }
}

const aborted = (signal: AbortSignal): Promise<Answer<never>> =>
  new Promise((resolve) => {
    const giveUp = () => resolve({ kind: 'unknown', because: 'There was no time left to read the credentials.' })
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
  })

const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const [code, path] = [Reflect.get(error, 'code'), Reflect.get(error, 'path')]
  return path === undefined ? String(code ?? error.name) : `${String(path)} (${String(code)})`
}
