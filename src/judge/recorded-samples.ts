import { counterIncrease } from './counter-increase.ts'
import type { Reading, Recording } from './recording.ts'
import type { Arm, Histogram, Millis, Sample } from './sample.ts'

type Counters = {
  readonly requests: number
  readonly errors: number
  readonly assigned: number | null
  readonly buckets: ReadonlyMap<number, number>
}

/**
 * The samples of a recording: one for each time at which something was read, after the first. Differences are taken per
 * series; a counter that fell was restarted, and its increment is the new value. A series that first appears after the
 * first reading of its arm began at zero.
 */
export const recordedSamples = (recording: Recording): readonly Sample[] => {
  const times = [...new Set(recording.readings.map((reading) => reading.at))].sort((a, b) => a - b)
  const byTime = new Map<Millis, Reading[]>(times.map((at) => [at, []]))
  for (const reading of recording.readings) byTime.get(reading.at)?.push(reading)
  const last = new Map<string, Counters>()
  const seen = new Set<string>()
  let weight: number | null = null
  const samples: Sample[] = []
  for (const [i, at] of times.entries()) {
    const readings = byTime.get(at) ?? []
    const first = { blue: !seen.has('blue'), green: !seen.has('green') }
    const increments = { blue: [] as Counters[], green: [] as Counters[] }
    for (const reading of readings) {
      const key = `${reading.arm} ${reading.series}`
      const before = last.get(key)
      last.set(key, reading)
      seen.add(reading.arm)
      // The first reading of an arm is where its counters stood when the recording began.
      if (recording.counters === 'cumulative' && first[reading.arm]) continue
      increments[reading.arm].push(recording.counters === 'increments' ? reading : since(before, reading))
    }
    weight = readings.find((reading) => reading.weight !== null)?.weight ?? weight
    const previous = times[i - 1]
    if (previous === undefined) continue
    const [blue, green] = [sumArm(increments.blue), sumArm(increments.green)]
    samples.push({
      at,
      durationMs: at - previous,
      blue: blue?.arm ?? null,
      green: green?.arm ?? null,
      assigned:
        blue?.assigned == null || green?.assigned == null ? null : { blue: blue.assigned, green: green.assigned },
      weightGreen: weight ?? Number.NaN,
    })
  }
  return weight === null
    ? withSeenWeight(samples)
    : samples.map((s) => ({ ...s, weightGreen: Number.isNaN(s.weightGreen) ? 0 : s.weightGreen }))
}

/** Without recorded weights: green's part of all requests, as one step. */
const withSeenWeight = (samples: readonly Sample[]): readonly Sample[] => {
  let green = 0
  let all = 0
  for (const sample of samples) {
    green += sample.green?.requests ?? 0
    all += (sample.green?.requests ?? 0) + (sample.blue?.requests ?? 0)
  }
  // 100 % would mean that blue's absence is meant: only a recorded weight can say that.
  const weightGreen = all === 0 ? 0 : Math.min(99.9, Math.round((1000 * green) / all) / 10 || 0.1)
  return samples.map((sample) => ({ ...sample, weightGreen }))
}

const since = (before: Counters | undefined, now: Counters): Counters => {
  // A restart is seen on any counter of the series, and then all of them began at zero.
  const restarted = before !== undefined && now.requests < before.requests
  const from = restarted ? undefined : before
  return {
    requests: counterIncrease(from?.requests, now.requests),
    errors: counterIncrease(from?.errors, now.errors),
    assigned: now.assigned === null ? null : counterIncrease(from?.assigned ?? undefined, now.assigned),
    buckets: new Map([...now.buckets].map(([ms, value]) => [ms, counterIncrease(from?.buckets.get(ms), value)])),
  }
}

const sumArm = (series: readonly Counters[]): { readonly arm: Arm; readonly assigned: number | null } | null => {
  if (series.length === 0) return null
  const sum = (of: (one: Counters) => number) => series.reduce((total, one) => total + of(one), 0)
  const assigned = series.every((one) => one.assigned !== null) ? sum((one) => one.assigned ?? 0) : null
  const arm: Arm = {
    requests: sum((one) => one.requests),
    errors: sum((one) => one.errors),
    latency: sumHistogram(series),
  }
  return { arm, assigned }
}

const sumHistogram = (series: readonly Counters[]): Histogram | null => {
  const [first] = series
  if (first === undefined || series.some((one) => one.buckets.size === 0)) return null
  const boundsMs = [...first.buckets.keys()].filter(
    (ms) => Number.isFinite(ms) && series.every((one) => one.buckets.has(ms)),
  )
  const at = (ms: number) => series.reduce((total, one) => total + (one.buckets.get(ms) ?? 0), 0)
  const withInf = series.every((one) => one.buckets.has(Number.POSITIVE_INFINITY))
  const count = withInf ? at(Number.POSITIVE_INFINITY) : series.reduce((total, one) => total + one.requests, 0)
  return { boundsMs, atOrBelow: boundsMs.map(at), count }
}
