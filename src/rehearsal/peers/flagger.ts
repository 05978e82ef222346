import type { Reading } from './reading.ts'
import { type Answer, type RuleSet, waits } from './rule-set.ts'
import { createScrapedWindow, type ScrapedWindow } from './scraped-window.ts'

const LEAST_SUCCESS_PERCENT = 99
const MOST_P99_MS = 500

type Canary = {
  readonly source: string
  /** Samples between checks, and those that each query looks at. */
  readonly intervalSamples: number
  readonly successSamples: number
  readonly durationSamples: number
  /** Failed checks, in all, after which it goes back. */
  readonly threshold: number
  readonly stepWeight: number
  readonly maxWeight: number
}

/**
 * Flagger's tutorial, https://docs.flagger.app/tutorials/istio-progressive-delivery: interval 1m, threshold 5, maxWeight 50,
 * stepWeight 10, `request-success-rate` min 99 over 1m, `request-duration` (P99) max 500 ms over 30s.
 */
const tutorial: Canary = {
  source: 'https://docs.flagger.app/tutorials/istio-progressive-delivery',
  intervalSamples: 12,
  successSamples: 12,
  durationSamples: 6,
  threshold: 5,
  stepWeight: 10,
  maxWeight: 50,
}

/**
 * Flagger's podinfo chart, https://github.com/fluxcd/flagger/blob/main/charts/podinfo/values.yaml: interval 15s, threshold
 * 10, maxWeight 50, stepWeight 5, the same two metrics, each over 1m.
 */
const podinfoChart: Canary = {
  source: 'https://github.com/fluxcd/flagger/blob/main/charts/podinfo/values.yaml',
  intervalSamples: 3,
  successSamples: 12,
  durationSamples: 12,
  threshold: 10,
  stepWeight: 5,
  maxWeight: 50,
}

/**
 * As in pkg/controller/scheduler.go (`advanceCanary`): a failed check is counted and halts the ramp; the count never falls;
 * at the *next* check after it has reached the threshold, it goes back. After maxWeight the primary gets the new version
 * and all traffic, which nothing watches any more. A query without a value, also NaN, fails the check (pull request 1095).
 */
export const flagger = (which: 'tutorial' | 'podinfo chart', reading: Reading): RuleSet => {
  const canary = which === 'tutorial' ? tutorial : podinfoChart
  const ownRamp: number[] = []
  for (let weight = canary.stepWeight; weight <= canary.maxWeight; weight += canary.stepWeight) ownRamp.push(weight)
  return {
    words: `at the check after the ${canary.threshold}th, one every ${canary.intervalSamples * 5} s, that found less than 99 % success or a P99 above 500 ms`,
    source: canary.source,
    ownRamp: [...ownRamp, 100],
    begin: ({ ramp }) => {
      const window = createScrapedWindow(12)
      const failed = { errors: 0, latency: 0, 'no requests': 0 }
      let [samples, weight, halted] = [0, 0, false]
      const check = (): Answer => {
        if (failed.errors + failed.latency + failed['no requests'] >= canary.threshold)
          return { kind: 'roll back', because: mostOf(failed) }
        const fault = faultIn(window, canary, reading)
        if (fault !== null) failed[fault] += 1
        halted = fault !== null
        return fault === null ? { kind: 'advance', because: '' } : { kind: 'hold', because: fault }
      }
      return {
        enter: ({ weightGreen }) => {
          weight = weightGreen
        },
        take: (sample) => {
          window.push(sample.green)
          samples += 1
          if (ramp === 'own' && weight === 100) return waits
          if (samples % canary.intervalSamples === 0) return check()
          return halted ? { kind: 'hold', because: 'the last check failed' } : waits
        },
      }
    },
  }
}

type Fault = 'errors' | 'latency' | 'no requests'

const faultIn = (window: ScrapedWindow, canary: Canary, reading: Reading): Fault | null => {
  const ratio = window.successRatio(canary.successSamples)
  const p99 = window.quantile(0.99, canary.durationSamples)
  if (ratio !== null && 100 * ratio < LEAST_SUCCESS_PERCENT) return 'errors'
  // The observer cuts to whole milliseconds.
  if (p99 !== null && Math.floor(p99) > MOST_P99_MS) return 'latency'
  return (ratio === null || p99 === null) && reading === 'to the letter' ? 'no requests' : null
}

const mostOf = (failed: Readonly<Record<Fault, number>>): Fault => {
  if (failed['no requests'] > failed.errors + failed.latency) return 'no requests'
  return failed.latency > failed.errors ? 'latency' : 'errors'
}
