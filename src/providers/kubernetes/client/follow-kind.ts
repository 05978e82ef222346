import { setTimeout as pause } from 'node:timers/promises'
import type { Millis } from '../../../moves/goal.ts'
import { type Backoff, waitBefore } from './backoff.ts'
import type { FewAtOnce } from './few-at-once.ts'
import { type ObjectList, readPages, type Scope } from './pages.ts'
import type { KubernetesObject, Resource } from './resource.ts'
import type { Sender } from './send.ts'
import { type WatchEnd, type WatchEvent, watchOnce } from './watch-once.ts'

export type FollowDeps<T> = {
  readonly cluster: string
  readonly sender: Sender
  /** Monotonic. */
  readonly elapsed: () => Millis
  readonly random: () => number
  readonly signal: AbortSignal
  /** What is kept of each object of a list, as soon as its page is there: whole lists may be large. */
  readonly keep: (object: T) => T
  /** Lists of a cluster are read a few at once: each holds a page in memory, and an estate has many kinds. */
  readonly inTurn: FewAtOnce
}

/** Gets what is seen, in the order in which it happened. */
export type Follower<T> = {
  /** The whole kind anew: at first, and whenever what happened in between can't be told. */
  listed(list: ObjectList<T>): void
  event(event: WatchEvent<T>): void
  /** In touch again. */
  inTouch(): void
  outOfTouch(why: { readonly kind: 'refused' | 'unknown'; readonly because: string }): void
}

const again: Backoff = { firstMs: 200, mostMs: 30_000 }
/** A missing right or kind is not mended within seconds. */
const refusedAgain: Backoff = { firstMs: 5_000, mostMs: 60_000 }
const silentMs: Millis = 90_000
/** A watch that lived that long, or said anything, was a good one: the next failure is the first. */
const goodAfterMs: Millis = 5_000

/**
 * Lists a kind, then watches it from there, for as long as the signal lets it: resumes where a watch ended, lists anew
 * when that is too long ago, and comes again, later each time, when the API server can't be reached or refuses.
 */
export const followKind = async <T extends KubernetesObject>(
  resource: Resource<T>,
  scope: Scope,
  deps: FollowDeps<T>,
  follower: Follower<T>,
): Promise<void> => {
  const { cluster, sender, elapsed, random, signal, keep, inTurn } = deps
  let position: string | null = null
  let failures = 0

  const failed = (kind: 'refused' | 'unknown', because: string): Millis => {
    failures += 1
    follower.outOfTouch({ kind, because })
    return waitBefore(failures, kind === 'refused' ? refusedAgain : again, random)
  }
  const list = async (): Promise<Millis> => {
    const answer = await inTurn(() => readPages(sender, cluster, resource, scope, { signal }, keep))
    if (answer.kind !== 'ok') return failed(answer.kind === 'refused' ? 'refused' : 'unknown', answer.because)
    position = answer.value.resourceVersion
    follower.inTouch()
    follower.listed(answer.value)
    return 0
  }
  const watch = async (from: string): Promise<WatchEnd> => {
    const startedAt = elapsed()
    let isGood = false
    const event = (each: WatchEvent<T>) => {
      isGood = true
      position = (each.kind === 'bookmark' ? each.resourceVersion : each.object.metadata?.resourceVersion) ?? position
      follower.event(each)
    }
    const lastsSeconds = Math.round(300 + 300 * random())
    const opened = () => follower.inTouch()
    const end = await watchOnce<T>({
      sender,
      cluster,
      resource,
      scope,
      from,
      lastsSeconds,
      silentMs,
      signal,
      opened,
      event,
    })
    if (isGood || elapsed() - startedAt > goodAfterMs) failures = 0
    else if (end.kind === 'ended') failures += 1
    return end
  }
  const afterWatch = (end: WatchEnd): Millis => {
    switch (end.kind) {
      case 'ended':
        return failures === 0 ? Math.round(100 * random()) : waitBefore(failures, again, random)
      case 'expired':
        position = null
        failures += 1
        return failures === 1 ? 0 : waitBefore(failures - 1, again, random)
      case 'lost':
        return failed('unknown', end.because)
      case 'refused':
        position = null
        return failed('refused', end.because)
      default:
        return end satisfies never
    }
  }

  while (!signal.aborted) {
    const waitMs: Millis = position === null ? await list() : afterWatch(await watch(position))
    // Rejects only when the signal aborts, which ends the loop.
    if (waitMs > 0) await pause(waitMs, undefined, { signal }).catch(() => undefined)
  }
}
