import type { Answer } from '../../../engine/ports.ts'
import type { Millis } from '../../../moves/goal.ts'
import { type FollowDeps, followKind } from './follow-kind.ts'
import { createHolder } from './held-objects.ts'
import { type Change, createKindCache, type KindCache } from './kind-cache.ts'
import type { Scope } from './pages.ts'
import { type KubernetesObject, nameOfKind, type Resource } from './resource.ts'
import { isNewer } from './versions.ts'
import type { WatchEvent } from './watch-once.ts'

/** Reading what a watch knows costs no request. */
export type KindReader<T> = Pick<KindCache<T>, 'size' | 'get' | 'list' | 'ownedBy'>

export type KindWatch<T extends KubernetesObject = KubernetesObject> = {
  /** Waits for the first list. Unknown: it isn't there within the signal, or what is known may be old. Refused: no right, or no such kind. */
  ready(signal: AbortSignal): Promise<Answer<KindReader<T>>>
  /** Called for each change from now on; what it throws is reported, and harms no one else. Ends with the signal. */
  onChange(changed: (change: Change<T>) => void, signal: AbortSignal): void
  /** What a write of our own gave back, so that the next read has it even when the watch is behind. */
  note(object: T): void
}

export type WatchDeps = Omit<FollowDeps<KubernetesObject>, 'keep'> & {
  /** Gets what a change callback threw. */
  readonly fault: (error: unknown) => void
}

/** Out of touch for longer than this, what is known may no longer be so. */
const staleAfterMs: Millis = 10_000

type Trouble = { readonly since: Millis; readonly kind: 'refused' | 'unknown'; readonly because: string }

/** Follows one kind, and keeps what is known of it for all who read. */
export const watchKind = <T extends KubernetesObject>(
  resource: Resource<T>,
  scope: Scope,
  deps: WatchDeps,
): KindWatch<T> => {
  const { cluster, elapsed, signal } = deps
  const cache = createKindCache<T>()
  const listeners = createListeners<Change<T>>(deps.fault)
  /** The first list, or why there is none. */
  const firstWord = Promise.withResolvers<void>()
  let isSynced = false
  let position = ''
  let trouble: Trouble | null = null

  const held = createHolder(resource)

  void followKind(
    resource,
    scope,
    { ...deps, keep: held },
    {
      listed: ({ items, resourceVersion }) => {
        position = resourceVersion
        isSynced = true
        for (const change of cache.replace(items, resourceVersion)) listeners.tell(change)
        firstWord.resolve()
      },
      event: (event) => {
        position = positionOf(event) ?? position
        if (event.kind === 'bookmark') return
        const change = event.kind === 'changed' ? cache.put(held(event.object)) : cache.remove(event.object)
        if (change !== null) listeners.tell(change)
      },
      inTouch: () => {
        trouble = null
      },
      outOfTouch: ({ kind, because }) => {
        trouble = { since: trouble?.since ?? elapsed(), kind, because }
        firstWord.resolve()
      },
    },
  )

  const notReady = (): Omit<Trouble, 'since'> | null => {
    if (signal.aborted) return { kind: 'unknown', because: 'the connection was closed' }
    if (!isSynced) return trouble ?? { kind: 'unknown', because: 'the first list is not there yet' }
    return trouble !== null && elapsed() - trouble.since > staleAfterMs ? trouble : null
  }
  return {
    ready: async (wanted) => {
      if (!isSynced && !wanted.aborted) await Promise.race([firstWord.promise, abortOf(wanted), abortOf(signal)])
      const noTime = wanted.aborted ? ({ kind: 'unknown', because: 'there was no time left' } as const) : null
      const why = notReady() ?? noTime
      if (why === null) return { kind: 'ok', value: cache }
      return {
        kind: why.kind,
        because: `Which ${nameOfKind(resource)} there are on ${cluster} is not known: ${why.because}`,
      }
    },
    onChange: listeners.add,
    note: (object) => {
      // What the watch has passed already, it has told already: perhaps that the object is gone.
      if (!isSynced || !isNewer(object.metadata?.resourceVersion ?? '', position)) return
      const change = cache.put(held(object))
      if (change !== null) listeners.tell(change)
    },
  }
}

const positionOf = <T extends KubernetesObject>(event: WatchEvent<T>): string | undefined =>
  event.kind === 'bookmark' ? event.resourceVersion : event.object.metadata?.resourceVersion

/** Ends with the signal. */
export const abortOf = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

const createListeners = <E>(fault: (error: unknown) => void) => {
  const listeners = new Set<(event: E) => void>()
  return {
    tell: (event: E): void => {
      for (const listener of listeners) {
        try {
          listener(event)
        } catch (error) {
          fault(error)
        }
      }
    },
    add: (listener: (event: E) => void, until: AbortSignal): void => {
      if (until.aborted) return
      // One of its own, so that one function may listen twice.
      const own = (event: E) => listener(event)
      listeners.add(own)
      until.addEventListener('abort', () => listeners.delete(own), { once: true })
    },
  }
}
