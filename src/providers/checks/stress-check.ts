import type { TestDefinition } from '../../plan/plan.ts'
import type { CheckContext, Found } from './context.ts'
import { applyLoad, longestMs, mostPerSecond, quantile } from './load.ts'

/** A copy under load passes with at most so many failures, … */
const mostFailed = 0.01
/** … and when it took at least so much of the load. */
const leastReached = 0.9

/** Puts green's copy under a load of requests that were declared safe, and stops at once when blue suffers from it. */
export const stressGreen = async (
  url: string,
  definition: Extract<TestDefinition, { readonly kind: 'stress' }>,
  { signal, blueGuard }: CheckContext,
): Promise<Found> => {
  const ratePerSecond = Math.min(mostPerSecond, definition.ratePerSecond)
  const durationMs = Math.min(longestMs, definition.durationMs)
  const load = await applyLoad({ url, ratePerSecond, durationMs, signal, ...(blueGuard && { blueGuard }) })
  const answered = load.latencies.length
  const requests = answered + load.unanswered
  const errors = load.refused + load.unanswered
  const wanted = (ratePerSecond * durationMs) / 1000
  const problem =
    load.stopped !== null
      ? `stopped after ${load.durationMs} ms: ${load.stopped === 'aborted' ? 'it was told to' : 'blue’s objectives suffered'}`
      : answered === 0
        ? 'no request was answered'
        : errors > mostFailed * requests
          ? `${percent(errors / requests)} failed; at most ${percent(mostFailed)} may`
          : answered < leastReached * wanted
            ? `it answered ${answered} of the ${Math.round(wanted)} requests that were to be sent; ${percent(leastReached)} were expected`
            : null
  const times =
    answered === 0 ? {} : { p50: round(quantile(load.latencies, 0.5)), p99: round(quantile(load.latencies, 0.99)) }
  const figures = { ...times, requests, errors, ratePerSecond, durationMs: load.durationMs }
  const counted = `${requests} requests in ${load.durationMs} ms, ${errors} failed`
  const timed = answered === 0 ? '' : `, p50 ${times.p50} ms, p99 ${times.p99} ms`
  const cut = ratePerSecond < definition.ratePerSecond || durationMs < definition.durationMs
  const bounded = cut ? `\nonly up to ${mostPerSecond} requests/s for ${longestMs / 1000} s are sent` : ''
  return {
    passed: problem === null,
    summary: `${problem === null ? '' : `${problem}; `}${counted}${timed}${bounded}`,
    figures,
  }
}

const round = (ms: number): number => Math.round(ms * 100) / 100
const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`
