import type { Instance } from 'autocannon'
import type { Millis } from '../../moves/goal.ts'

export type Load = {
  /** How long each answer took, in milliseconds, of whatever status. */
  readonly latencies: readonly number[]
  /** Answers with a status of 400 or more. */
  readonly refused: number
  /** Requests without an answer: no connection, or none in time. */
  readonly unanswered: number
  readonly durationMs: Millis
  readonly stopped: 'aborted' | 'blue suffers' | null
}

export type LoadOptions = {
  /** Asked by GET, again and again: only an address that was declared safe. */
  readonly url: string
  readonly ratePerSecond: number
  readonly durationMs: Millis
  readonly signal: AbortSignal
  /** True while blue's objectives suffer: the load ends at once. */
  readonly blueGuard?: () => boolean
}

/** Whatever a file says, no more than this is sent. */
export const mostPerSecond = 1_000
export const longestMs: Millis = 600_000

const connections = 10
const guardMs = 50
const timeoutSeconds = 10
/** Without a bound, autocannon connects again at once, for ever, where nothing listens. */
const mostUnanswered = 100

/**
 * Sends requests at a steady rate (within `mostPerSecond` and `longestMs`) and times the answers. autocannon sends each
 * second's share at its beginning, as fast as 10 connections take it: times are those of short bursts.
 */
export const applyLoad = async (options: LoadOptions): Promise<Load> => {
  const { signal, blueGuard } = options
  const latencies: number[] = []
  let refused = 0
  let unanswered = 0
  let stopped: Load['stopped'] = null
  const halt = (): Load['stopped'] => (signal.aborted ? 'aborted' : blueGuard?.() === true ? 'blue suffers' : null)
  const started = performance.now()
  const finished = (): Load => ({
    latencies,
    refused,
    unanswered,
    durationMs: Math.round(performance.now() - started),
    stopped,
  })
  stopped = halt()
  if (stopped !== null) return finished()
  // It is slow to load, and few commands need it.
  const { default: autocannon } = await import('autocannon')
  await new Promise<void>((resolve) => {
    const run: Instance = autocannon(
      {
        url: options.url,
        connections,
        overallRate: Math.round(Math.min(mostPerSecond, Math.max(1, options.ratePerSecond))),
        duration: Math.min(longestMs, options.durationMs) / 1000,
        timeout: timeoutSeconds,
        bailout: mostUnanswered,
        // How soon it notices that it should end.
        sampleInt: guardMs,
        // Its own correction takes the interval for a millisecond, and we count by ourselves.
        ignoreCoordinatedOmission: true,
      },
      () => {
        clearInterval(watch)
        resolve()
      },
    )
    const watch = setInterval(() => {
      if (stopped === null) stopped = halt()
      if (stopped !== null) run.stop()
    }, guardMs)
    run.on('response', (_client, status, _bytes, ms) => {
      latencies.push(ms)
      if (status >= 400) refused++
    })
    run.on('reqError', () => {
      unanswered++
    })
  })
  return finished()
}

/** The smallest of the values that `share` of them don't exceed; NaN of none. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
