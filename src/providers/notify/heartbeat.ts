import { Agent } from 'undici'
import type { Millis } from '../../moves/goal.ts'
import { postJson } from './post-json.ts'
import { describeUrl, type Log, type ResolveSecret, resolveUrl, type UrlSetting } from './reference.ts'
import { deliver, type RetryClock } from './retry.ts'

/** What a heartbeat says: enough to notice a journal that lost its tail. Never a secret. */
export type HeartbeatBody = {
  readonly release: string
  readonly epoch: number
  /** The newest journal entry and the hash of the chain there. */
  readonly position: number
  readonly head: string
}

export type HeartbeatOptions = {
  readonly url: UrlSetting
  readonly everyMs: Millis
  /** Asked at each beat. */
  readonly body: () => HeartbeatBody
  readonly resolveSecret: ResolveSecret
  readonly clock: RetryClock
  readonly log: Log
  readonly timeoutMs?: Millis
  readonly random?: () => number
}

const defaultTimeoutMs = 5_000
const tries = 3

/**
 * Posts to a dead-man address, at once and then at each interval, until the signal aborts: whoever listens there calls a person
 * when it stops coming. A beat is tried again within its own interval and then left for the next; the first miss of a row and
 * the end of a row are logged. Returns at once; the promise settles when it has stopped, and never rejects.
 */
export const startHeartbeat = async (options: HeartbeatOptions, signal: AbortSignal): Promise<void> => {
  const { clock, everyMs, log, random = Math.random } = options
  const target = describeUrl(options.url)
  const timeoutMs = Math.min(options.timeoutMs ?? defaultTimeoutMs, everyMs)
  const dispatcher = new Agent({ connections: 1 })
  let missed = 0
  while (!signal.aborted) {
    const started = performance.now()
    const bound = AbortSignal.any([signal, AbortSignal.timeout(everyMs)])
    const beat = async () => {
      const url = await resolveUrl(options.url, options.resolveSecret)
      if (url.kind === 'refused') return { kind: 'later' as const, because: url.because }
      const body = JSON.stringify({ ...options.body(), at: clock.now() })
      return await postJson(url.value, { body, headers: {}, timeoutMs, signal: bound, dispatcher })
    }
    const policy = { tries, firstMs: everyMs / 10, maxMs: everyMs / 4 }
    const { last } = await deliver(beat, policy, { clock, signal: bound, random })
    if (last.kind === 'delivered') {
      if (missed > 0) log('heartbeats are taken again', { target, missed })
      missed = 0
    } else if (!signal.aborted && missed++ === 0) log('a heartbeat was not taken', { target, because: last.because })
    // What is left of the interval, whatever the wall clock did meanwhile.
    await clock.sleep(clock.now() + everyMs - (performance.now() - started), signal)
  }
  await dispatcher.destroy()
}
