import type { Millis } from '../../../moves/goal.ts'
import type { Scope } from './pages.ts'
import { type KubernetesObject, pathOfKind, type Resource } from './resource.ts'
import type { Reply, Sender, Stream } from './send.ts'
import { answerOf, jsonIn, statusIn } from './status.ts'

export type WatchEvent<T> =
  | { readonly kind: 'changed' | 'removed'; readonly object: T }
  /** Nothing changed up to here. */
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }

/**
 * How a watch came to its end: `ended` by the API server, as all do after minutes; `expired`: where it was to begin is
 * too long ago, so the list is to be read anew; `lost`: broken off, silent, or an error of the server; `refused`: no
 * right, or no such kind.
 */
export type WatchEnd =
  | { readonly kind: 'ended' | 'expired' }
  | { readonly kind: 'lost' | 'refused'; readonly because: string }

type Options<T> = {
  readonly sender: Sender
  readonly cluster: string
  readonly resource: Resource<T & KubernetesObject>
  readonly scope: Scope
  /** The version after which events are wanted. */
  readonly from: string
  readonly lastsSeconds: number
  /** How long it may say nothing: bookmarks come at least every 75 s. */
  readonly silentMs: Millis
  readonly signal: AbortSignal
  readonly opened: () => void
  readonly event: (event: WatchEvent<T>) => void
}

/** Follows one kind over one connection. Never throws. */
export const watchOnce = async <T extends KubernetesObject>(options: Options<T>): Promise<WatchEnd> => {
  const { sender, cluster, resource, scope, from, lastsSeconds, silentMs, signal } = options
  const query = {
    watch: 1,
    allowWatchBookmarks: true,
    resourceVersion: from,
    timeoutSeconds: lastsSeconds,
    labelSelector: scope.labels,
    fieldSelector: scope.fields,
  }
  const path = pathOfKind(resource, scope.namespace)
  const reply = await sender.open({ method: 'GET', path, query, signal }, silentMs)
  if (reply.kind !== 'stream') return endOf(reply, resource, cluster)
  options.opened()
  return follow(reply, options)
}

const endOf = (reply: Reply, resource: Resource, cluster: string): WatchEnd => {
  if (reply.kind === 'reply' && (reply.status === 410 || isExpiry(jsonIn(reply.text)))) return { kind: 'expired' }
  const answer = answerOf<unknown>(reply, { verb: 'watch', resource, place: null }, cluster)
  const because = answer.kind === 'ok' ? `watch ${resource.plural} on ${cluster}: not a watch` : answer.because
  return { kind: answer.kind === 'refused' ? 'refused' : 'lost', because }
}

const isExpiry = (read: unknown): boolean => {
  const { code, reason } = statusIn(read)
  return code === 410 || reason === 'Expired' || reason === 'Gone'
}

const follow = async <T extends KubernetesObject>({ body }: Stream, options: Options<T>): Promise<WatchEnd> => {
  const lost = (because: string): WatchEnd => ({
    kind: 'lost',
    because: `the watch of ${options.resource.plural} on ${options.cluster} ${because}`,
  })
  const decoder = new TextDecoder()
  let rest = ''
  try {
    // The body is a stream of buffers, as no encoding is set on it.
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const end = line === '' ? null : take(line, options)
        if (end !== null) return end === 'expired' ? { kind: 'expired' } : lost(end)
      }
    }
  } catch {
    return lost('was cut off')
  }
  return rest === '' ? { kind: 'ended' } : lost('was cut off')
}

/** Passes one line on. null: all is well; `expired`, or why the watch can't go on. Leaving the loop ends the connection. */
const take = <T extends KubernetesObject>(line: string, options: Options<T>): string | null => {
  const read = jsonIn(line)
  if (typeof read !== 'object' || read === null || !('type' in read) || !('object' in read))
    return 'sent what is no event'
  // The API server sends objects of the kind that is watched.
  const object = read.object as T
  switch (read.type) {
    case 'ADDED':
    case 'MODIFIED':
      options.event({ kind: 'changed', object })
      return null
    case 'DELETED':
      options.event({ kind: 'removed', object })
      return null
    case 'BOOKMARK':
      options.event({ kind: 'bookmark', resourceVersion: object.metadata?.resourceVersion ?? '' })
      return null
    case 'ERROR':
      return isExpiry(object) ? 'expired' : `failed: ${statusIn(object).message || 'no reason was given'}`
    default:
      return `sent an event of type ${String(read.type)}`
  }
}
