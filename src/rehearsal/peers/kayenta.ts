import type { Arm } from '../../judge/sample.ts'
import { locationShift, SEARCH_TOLERANCE } from './mann-whitney.ts'
import type { Reading } from './reading.ts'
import { type Answer, type RuleSet, waits } from './rule-set.ts'
import { createScrapedWindow } from './scraped-window.ts'

const CONFIDENCE = 0.98
const TOLERANCE = 0.25
/** Good starting points for the two thresholds, by the best practices. Below `marginal` the canary fails at once. */
const SCORES = { marginal: 75, pass: 95 } as const

/**
 * Kayenta's judge NetflixACAJudge-v1.0, every five minutes on the points of the last five: 60 points, as
 * https://spinnaker.io/docs/guides/user/canary/best-practices/ asks for at least 50; against a baseline as large as green,
 * as it asks for too. Two metrics in groups of equal weight, both of that page's golden signals that are measured here:
 * errors in percent, and P99 in milliseconds. It names no weights, so there is no ramp of its own.
 *
 * Read from kayenta-judge (NetflixACAJudge.scala, MannWhitneyClassifier.scala, WeightedSumScorer.scala):
 * - direction `increase`, nanStrategy `remove`, outliers kept, no critical metric, effect sizes at their default 1;
 * - a metric is High when the lower bound of the 98 % interval is above a quarter of the estimated shift, and the ratio of
 *   means is at least 1 (left out where a mean is 0);
 * - score: part of metrics that pass; a metric without data does not count, and when half have none the score is 0.
 *   That last rule would fail every release at 100 %, where there is no baseline: the analysis is over by then, as its
 *   documents want it.
 */
export const kayenta = (reading: Reading): RuleSet => ({
  words:
    'at a run of 5 min in which errors or P99 were High against a baseline as large as green (Mann-Whitney, 98 %, a quarter of the shift)',
  source: 'https://spinnaker.io/docs/guides/user/canary/best-practices/',
  ownRamp: null,
  begin: () => {
    let control: Point[] = []
    let experiment: Point[] = []
    return {
      enter: () => undefined,
      take: ({ green, weightGreen }, baseline) => {
        if (weightGreen >= 100) return waits
        control.push(pointOf(baseline()))
        experiment.push(pointOf(green))
        if (experiment.length < RUN_SAMPLES) return waits
        const answer = judgeRun(control, experiment, reading)
        control = []
        experiment = []
        return answer
      },
    }
  },
})

const RUN_SAMPLES = 60
const metrics = ['errors', 'latency'] as const
type Metric = (typeof metrics)[number]
/** null: NaN, as of a ratio without requests. */
type Point = Readonly<Record<Metric, number | null>>

const pointOf = (arm: Arm | null): Point => {
  const window = createScrapedWindow(1)
  window.push(arm)
  const ratio = window.successRatio(1)
  return { errors: ratio === null ? null : 100 * (1 - ratio), latency: window.quantile(0.99, 1) }
}

const judgeRun = (control: readonly Point[], experiment: readonly Point[], reading: Reading): Answer => {
  const valuesOf = (points: readonly Point[], metric: Metric) => points.flatMap((point) => point[metric] ?? [])
  const classes = metrics.map((metric) => classify(valuesOf(control, metric), valuesOf(experiment, metric), reading))
  const judged = classes.filter((one) => one !== 'no data')
  // Half of the metrics or more without data fail the canary.
  const isEmpty = 2 * (classes.length - judged.length) >= classes.length
  if (isEmpty) return reading === 'to the letter' ? { kind: 'roll back', because: 'no requests' } : waits
  const score = (100 * classes.filter((one) => one === 'pass').length) / judged.length
  if (score >= SCORES.pass) return { kind: 'advance', because: '' }
  const because = classes[0] === 'high' ? 'errors' : 'latency'
  return score < SCORES.marginal ? { kind: 'roll back', because } : { kind: 'hold', because }
}

const classify = (
  control: readonly number[],
  experiment: readonly number[],
  reading: Reading,
): 'pass' | 'high' | 'no data' => {
  if (control.length === 0 || experiment.length === 0) return 'no data'
  if (new Set([...control, ...experiment]).size === 1) return 'pass'
  const { lower, estimate } = locationShift(experiment, control, CONFIDENCE)
  const [before, after] = [mean(control), mean(experiment)]
  const isLarger = before === 0 || after === 0 || after / before >= 1
  const least = Math.max(TOLERANCE * Math.abs(estimate), reading === 'kind' ? SEARCH_TOLERANCE : 0)
  return lower > least && isLarger ? 'high' : 'pass'
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
