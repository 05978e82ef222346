import type { BlueHalves } from '../../judge/calibrate.ts'
import type { Arm, Sample } from '../../judge/sample.ts'
import { damageOf, type Fault } from './fault.ts'
import { type BinParts, binParts, boundsMs, mixed } from './latency-model.ts'
import { poisson } from './poisson.ts'
import { type Condition, createWeather, type Exposure, SAMPLE_SECONDS, type Shape } from './shape.ts'
import { createStreamRandom, type StreamRandom } from './stream-random.ts'

const SAMPLE_MS = SAMPLE_SECONDS * 1000

export type StreamOptions = {
  readonly seed: number
  readonly shape: Shape
  /** Requests per second of both sides together. */
  readonly perSecond: number
  /** Part of requests that fails anyhow. */
  readonly errorRatio: number
  readonly fault: Fault
  /** Samples of blue alone before the release, and samples of the release. */
  readonly before: number
  readonly length: number
}

/** One sample as it was measured, and what only the fault did in it, which nobody measures. */
export type Seen = {
  readonly sample: Sample
  /** Users' requests that blue would have answered well: failed, or never answered. */
  readonly extraFailed: number
  /** A part of blue as large as green (or all of blue, where that is smaller), as tools with a baseline have it. */
  readonly baseline: () => Arm | null
}

export type TrafficStream = {
  /**
   * Sample `i` of the release (from 0) as it is for somebody who exposed green so. Two who did the same see the same; at
   * other weights the same weather falls on other shares.
   */
  readonly at: (i: number, exposure: Exposure) => Seen
  /** Blue before the release, oldest first. */
  readonly history: () => readonly BlueHalves[]
}

/** Names of the parts of a sample for the random numbers. */
const part = { blue: 0, green: 1, a: 2, b: 3, baseline: 4 } as const

const healthy: Extra = { errors: 0, lost: 0, slowdown: 1 }

export const createTrafficStream = (options: StreamOptions): TrafficStream => {
  const { seed, fault, before } = options
  const weather = createWeather(options)
  const random = createStreamRandom()
  const drawn: Map<string, Seen>[] = []
  const keys = new WeakMap<Exposure, string>()
  const keyOf = (exposure: Exposure): string => {
    const known = keys.get(exposure)
    if (known !== undefined) return known
    const key = exposure.map(({ from, weight }) => `${from}:${weight}`).join(' ')
    keys.set(exposure, key)
    return key
  }

  const draw = (i: number, exposure: Exposure): Seen => {
    const { blue, green } = weather.arms(i, exposure)
    const damage = damageOf(fault, i)
    random.restart(seed, i, part.blue)
    const onBlue = drawArm(blue, healthy, weather.clusterMean, random)
    random.restart(seed, i, part.green)
    const extra = { ...damage, errors: Math.max(0, damage.errorRatio - green.errorRatio) }
    const onGreen = drawArm(green, extra, weather.clusterMean, random)
    const isAlone = blue.requests === 0
    return {
      sample: {
        at: (i + 1) * SAMPLE_MS,
        durationMs: SAMPLE_MS,
        blue: isAlone ? null : onBlue.arm,
        green: onGreen.arm,
        assigned: { blue: onBlue.assigned, green: onGreen.assigned },
        weightGreen: exposure.at(-1)?.weight ?? 0,
      },
      extraFailed: onGreen.extraFailed,
      baseline: () => {
        if (isAlone) return null
        random.restart(seed, i, part.baseline)
        const requests = Math.min(blue.requests, green.requests)
        return drawArm({ ...blue, requests }, healthy, weather.clusterMean, random).arm
      },
    }
  }

  return {
    at: (i, exposure) => {
      const key = keyOf(exposure)
      const known = (drawn[i] ??= new Map())
      const before = known.get(key)
      if (before !== undefined) return before
      const seen = draw(i, exposure)
      known.set(key, seen)
      return seen
    },
    history: () =>
      Array.from({ length: before }, (_, k): BlueHalves => {
        const i = k - before
        const halves = weather.halves(i)
        const half = (of: 'a' | 'b') => {
          random.restart(seed, i, part[of])
          return drawArm(halves[of], healthy, weather.clusterMean, random)
        }
        const [a, b] = [half('a'), half('b')]
        return {
          at: (i + 1) * SAMPLE_MS,
          durationMs: SAMPLE_MS,
          a: a.arm,
          b: b.arm,
          assigned: { a: a.assigned, b: b.assigned },
        }
      }),
  }
}

type Extra = { readonly errors: number; readonly lost: number; readonly slowdown: number }
type Drawn = { readonly arm: Arm; readonly assigned: number; readonly extraFailed: number }

/** Thinning: of Poisson arrivals, those that fail, those that are lost and those of each bin are Poisson by themselves. */
const drawArm = (condition: Condition, extra: Extra, clusterMean: number, random: StreamRandom): Drawn => {
  const { requests: expected, errorRatio, slowdown, slower } = condition
  const failed = clusters((expected * errorRatio) / clusterMean, clusterMean, random)
  const extraFailed = poisson(expected * extra.errors, random)
  const lost = poisson(expected * extra.lost, random)
  const well = expected * Math.max(0, 1 - errorRatio - extra.errors - extra.lost)
  const usual = binParts(slowdown * extra.slowdown)
  const parts =
    slower === null ? usual : mixed(usual, binParts(slowdown * extra.slowdown * slower.slowdown), slower.share)
  const atOrBelow = drawBins(well, parts, random)
  // A failure is answered at once. The last bin goes up to infinity.
  const failures = failed + extraFailed
  const requests = (atOrBelow.pop() ?? 0) + failures
  const latency = {
    boundsMs,
    atOrBelow: failures === 0 ? atOrBelow : atOrBelow.map((n) => n + failures),
    count: requests,
  }
  return {
    arm: { requests, errors: failures, latency },
    assigned: requests + lost,
    extraFailed: extraFailed + lost,
  }
}

/** Sizes are geometric. */
const clusters = (expected: number, mean: number, random: StreamRandom): number => {
  const count = poisson(expected, random)
  if (mean <= 1) return count
  let sum = 0
  const stays = Math.log(1 - 1 / mean)
  for (let i = 0; i < count; i++) sum += 1 + Math.floor(Math.log(random.next()) / stays)
  return sum
}

/** Below, each request is put into its bin; above, each bin is drawn by itself, which is the same distribution. */
const ONE_BY_ONE = 12

/** Counts at or below each bound, then all. */
const drawBins = (expected: number, parts: BinParts, random: StreamRandom): number[] => {
  const counts = new Array<number>(parts.length).fill(0)
  if (expected < ONE_BY_ONE)
    for (let left = poisson(expected, random); left > 0; left--) {
      const bin = binOf(random.next(), parts)
      counts[bin] = (counts[bin] ?? 0) + 1
    }
  else for (let bin = 0; bin < parts.length; bin++) counts[bin] = poisson(expected * (parts[bin] ?? 0), random)
  let sum = 0
  for (let bin = 0; bin < counts.length; bin++) counts[bin] = sum += counts[bin] ?? 0
  return counts
}

const binOf = (u: number, parts: BinParts): number => {
  let below = 0
  for (let bin = 0; bin < parts.length - 1; bin++) {
    below += parts[bin] ?? 0
    if (u < below) return bin
  }
  return parts.length - 1
}
