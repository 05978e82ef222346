import type { Arm, Histogram } from '../../judge/sample.ts'

/**
 * The last samples of one side, as a query over a time window sees them. Our samples are scrapes 5 s apart, so `rate(…[1m])`
 * is the increase over 12 of them, and `irate(…[5m])` the increase of the last one. In ratios the lengths cancel.
 */
export type ScrapedWindow = {
  push(arm: Arm | null): void
  /** Part of answered requests that did not fail; `null`: there were none, which PromQL gives as NaN. */
  successRatio(samples: number): number | null
  /** As PromQL's `histogram_quantile`, in milliseconds. `null`: no requests. */
  quantile(q: number, samples: number): number | null
}

export const createScrapedWindow = (longest: number): ScrapedWindow => {
  const arms: (Arm | null)[] = []
  const last = (samples: number): readonly Arm[] => arms.slice(-samples).filter((arm) => arm !== null)
  return {
    push: (arm) => {
      arms.push(arm)
      if (arms.length > longest) arms.shift()
    },
    successRatio: (samples) => {
      let [requests, errors] = [0, 0]
      for (const arm of last(samples)) {
        requests += arm.requests
        errors += arm.errors
      }
      return requests === 0 ? null : 1 - errors / requests
    },
    quantile: (q, samples) =>
      histogramQuantile(
        q,
        last(samples).flatMap(({ latency }) => latency ?? []),
      ),
  }
}

/**
 * The quantile of a sum of histograms, by a straight line within the bucket in which it lies, as PromQL does it; in the
 * bucket up to infinity it is that bucket's lower bound. https://prometheus.io/docs/prometheus/latest/querying/functions/
 */
const histogramQuantile = (q: number, histograms: readonly Histogram[]): number | null => {
  const [first] = histograms
  if (first === undefined) return null
  let all = 0
  for (const { count } of histograms) all += count
  if (all === 0) return null
  const rank = q * all
  let below = 0
  for (let i = 0; i < first.boundsMs.length; i++) {
    let upTo = 0
    for (const { atOrBelow } of histograms) upTo += atOrBelow[i] ?? 0
    const bound = first.boundsMs[i] ?? 0
    if (upTo >= rank) {
      const start = first.boundsMs[i - 1] ?? 0
      return upTo === below ? bound : start + (bound - start) * ((rank - below) / (upTo - below))
    }
    below = upTo
  }
  return first.boundsMs.at(-1) ?? null
}
