import { Agent } from 'undici'
import type { Notice, Notify } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { runCommand } from '../command/run-command.ts'
import { type Delivery, postJson } from './post-json.ts'
import { describeUrl, type Log, type NoticeTarget, type ResolveSecret, resolveUrl } from './reference.ts'
import { deliver, type RetryClock, type RetryPolicy } from './retry.ts'

export type NotifyOptions = {
  readonly targets: readonly NoticeTarget[]
  readonly resolveSecret: ResolveSecret
  readonly clock: RetryClock
  readonly log: Log
  /** What commands get as environment variables. */
  readonly variables?: Readonly<Record<string, string | undefined>>
  readonly retry?: Partial<RetryPolicy>
  readonly timeoutMs?: Millis
  /** How many notices may wait for one target; beyond it the oldest is dropped. */
  readonly queueLength?: number
  /** How long `close` waits for what is still queued. */
  readonly flushMs?: Millis
  /** From 0 to below 1. */
  readonly random?: () => number
}

const defaultRetry: RetryPolicy = { tries: 6, firstMs: 500, maxMs: 30_000 }
const defaultTimeoutMs = 5_000
const defaultQueueLength = 100
const defaultFlushMs = 5_000

/**
 * Sends notices as JSON documents: to webhooks by POST, to commands on their standard input. Each target has a queue of its
 * own, so one that is dead doesn't hold up another. A notice may come twice (an answer was lost): its `entry` tells.
 */
export const createNotify = (options: NotifyOptions): Notify => {
  const { targets, clock, log, flushMs = defaultFlushMs, queueLength = defaultQueueLength } = options
  const life = new AbortController()
  const dispatcher = new Agent({ connections: 1 })
  const policy = { ...defaultRetry, ...options.retry }
  let closed = false

  const lanes = targets.map((target) => {
    const name = describeTarget(target)
    const attempt = createAttempt(target, options, dispatcher, life.signal)
    const queue: Notice[] = []
    let working: Promise<void> | null = null
    const work = async (): Promise<void> => {
      for (let notice = queue.shift(); notice !== undefined && !life.signal.aborted; notice = queue.shift()) {
        const { kind, entry } = notice
        const body = JSON.stringify(notice)
        const random = options.random ?? Math.random
        const { last, tries } = await deliver(() => attempt(body), policy, { clock, signal: life.signal, random })
        if (last.kind !== 'delivered')
          log('a notice was not delivered', { target: name, kind, entry, tries, because: last.because })
      }
      working = null
    }
    return {
      name,
      on: target.on,
      put: (notice: Notice): void => {
        queue.push(notice)
        if (queue.length > queueLength) {
          const dropped = queue.shift()
          log('too many notices wait: the oldest was dropped', {
            target: name,
            kind: dropped?.kind,
            entry: dropped?.entry,
          })
        }
        working ??= work()
      },
      idle: async (): Promise<void> => {
        await working
      },
      left: () => queue.length,
    }
  })

  return {
    send: (notice) => {
      if (closed) return log('a notice came after the end', { kind: notice.kind, entry: notice.entry })
      for (const lane of lanes) if (lane.on.includes(notice.kind)) lane.put(notice)
    },
    close: async () => {
      closed = true
      const done = new AbortController()
      const bound = clock.sleep(clock.now() + flushMs, done.signal)
      const all = Promise.all(lanes.map(({ idle }) => idle()))
      await Promise.race([all, bound])
      done.abort()
      for (const { name, left } of lanes)
        if (left() > 0) log('notices are left at the end', { target: name, count: left() })
      life.abort()
      await all
      await dispatcher.destroy()
    },
  }
}

/** For logs: where it goes, never a secret. Arguments of a command may hold one. */
const describeTarget = (target: NoticeTarget): string =>
  target.kind === 'webhook' ? describeUrl(target.url) : `the command ${target.command[0] ?? ''}`

/** One try. Never throws. Secrets are read at each, so that a new one counts without a restart. */
const createAttempt = (
  target: NoticeTarget,
  options: NotifyOptions,
  dispatcher: Agent,
  signal: AbortSignal,
): ((body: string) => Promise<Delivery>) => {
  const { timeoutMs = defaultTimeoutMs, resolveSecret } = options
  if (target.kind === 'command')
    return async (input) => {
      const variables = options.variables ?? {}
      const end = await runCommand({ command: target.command, variables, input, timeoutMs, signal })
      if (end.how === 'exited' && end.exitCode === 0) return { kind: 'delivered' }
      return { kind: end.how === 'not started' ? 'never' : 'later', because: end.what }
    }
  return async (body) => {
    const url = await resolveUrl(target.url, resolveSecret)
    // A secret that is not there now may be written in a moment.
    if (url.kind === 'refused') return { kind: 'later', because: url.because }
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(target.headers)) {
      const read = typeof value === 'string' ? { kind: 'ok' as const, value } : await resolveSecret(value)
      if (read.kind === 'refused') return { kind: 'later', because: read.because }
      headers[name] = read.value
    }
    return await postJson(url.value, { body, headers, timeoutMs, signal, dispatcher })
  }
}
