import type { Arm, Histogram, Sample } from '../src/judge/sample.ts'

/** A small generator with a seed (mulberry32): the same seed gives the same traffic on every machine. */
export const seeded = (seed: number): (() => number) => {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), a | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A Poisson count; by halving, so that large means don't underflow. */
export const poisson = (mean: number, random: () => number): number => {
  if (mean > 30) {
    // Normal approximation, rounded: large enough that its error is far below what tests look at.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal))
  }
  const limit = Math.exp(-mean)
  let k = 0
  for (let p = random(); p > limit; p *= random()) k += 1
  return k
}

export type Traffic = {
  readonly perSecond: number
  readonly weightGreen: number
  readonly errorBlue: number
  readonly errorGreen: number
  /** Part of requests slower than 250 ms and than 100 ms; absent: no latency. */
  readonly slow?: { readonly blue: readonly [number, number]; readonly green: readonly [number, number] }
}

export const BOUNDS = [50, 100, 250] as const

const thin = (n: number, part: number, random: () => number): number => Math.min(n, poisson(n * part, random))

const arm = (n: number, error: number, slow: readonly [number, number] | undefined, random: () => number): Arm => {
  const over250 = slow === undefined ? 0 : thin(n, slow[0], random)
  const over100 = slow === undefined ? 0 : Math.min(n, over250 + thin(n, slow[1] - slow[0], random))
  const over50 = Math.min(n, over100 + Math.round(0.2 * n))
  const latency: Histogram | null =
    slow === undefined ? null : { boundsMs: BOUNDS, atOrBelow: [n - over50, n - over100, n - over250], count: n }
  return { requests: n, errors: thin(n, error, random), latency }
}

/** One sample of 5 s of such traffic. */
export const trafficSample = (traffic: Traffic, at: number, random: () => number): Sample => {
  const share = traffic.weightGreen / 100
  const green = poisson(5 * traffic.perSecond * share, random)
  const blue = share >= 1 ? 0 : poisson(5 * traffic.perSecond * (1 - share), random)
  return {
    at,
    durationMs: 5000,
    blue: share >= 1 ? null : arm(blue, traffic.errorBlue, traffic.slow?.blue, random),
    green: arm(green, traffic.errorGreen, traffic.slow?.green, random),
    assigned: { blue, green },
    weightGreen: traffic.weightGreen,
  }
}
