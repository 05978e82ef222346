import type { Millis } from '../moves/goal.ts'
import { limited } from './asked.ts'
import type { Clock } from './clock.ts'
import type { Claims, StopMark } from './ports.ts'

const readTimeoutMs = 3_000

/**
 * Looks at the marks of every environment: a stop mark stops all acts at once; an environment that did not answer at
 * the start is claimed when it does.
 */
export const watchClaims = async (
  options: {
    readonly claims: readonly Claims[]
    readonly unclaimed: readonly Claims[]
    readonly release: string
    readonly epoch: number
    readonly clock: Clock
    readonly everyMs: Millis
    readonly stopSeen: (where: string, mark: StopMark | null) => void
  },
  signal: AbortSignal,
): Promise<void> => {
  const unclaimed = new Set(options.unclaimed)
  const asking = { clock: options.clock, signal }
  while (!signal.aborted) {
    const seen = await Promise.all(
      options.claims.map(async (claims) => ({
        claims,
        answer: await limited((limit) => claims.read(limit), asking, readTimeoutMs),
      })),
    )
    let mark: { where: string; stop: StopMark } | null = null
    let answers = 0
    for (const { claims, answer } of seen) {
      if (answer.kind !== 'ok') continue
      answers += 1
      if (answer.value.stop !== null) mark = { where: claims.name, stop: answer.value.stop }
      if (!unclaimed.has(claims)) continue
      const claimed = await limited(
        (limit) => claims.claim(options.release, options.epoch, limit),
        asking,
        readTimeoutMs,
      )
      if (claimed.kind === 'ok') unclaimed.delete(claims)
    }
    if (signal.aborted) return
    if (mark !== null) options.stopSeen(mark.where, mark.stop)
    else if (answers > 0) options.stopSeen('', null)
    await options.clock.sleep(options.clock.now() + options.everyMs, signal)
  }
}
