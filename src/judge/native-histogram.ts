import type { Histogram } from './sample.ts'

/** A Prometheus native histogram of positive values: bucket i ends at 2^(i * 2^-schema) seconds. */
export type NativeHistogram = {
  readonly schema: number
  /** Values too small to tell from zero. */
  readonly zeroCount: number
  readonly buckets: ReadonlyMap<number, number>
  readonly count: number
}

/** The same histogram at a coarser schema, exactly: two neighbours become one, for each step of the schema. */
export const downscale = (histogram: NativeHistogram, schema: number): NativeHistogram => {
  let { schema: at, buckets } = histogram
  while (at > schema) {
    const merged = new Map<number, number>()
    for (const [i, n] of buckets) merged.set(Math.ceil(i / 2), (merged.get(Math.ceil(i / 2)) ?? 0) + n)
    buckets = merged
    at -= 1
  }
  return { ...histogram, schema: at, buckets }
}

/** Both arms as classic histograms with the same bounds, at the coarser of their schemas. */
export const toClassic = (
  blue: NativeHistogram,
  green: NativeHistogram,
  /** Bounds that must be there because the judge has thresholds on them, in milliseconds. */
  thresholdsMs: readonly number[] = [],
): { readonly blue: Histogram; readonly green: Histogram } => {
  const schema = Math.min(blue.schema, green.schema)
  const arms = [downscale(blue, schema), downscale(green, schema)] as const
  const perDoubling = 2 ** schema
  const wanted = thresholdsMs.flatMap((ms) => {
    const i = Math.log2(ms / 1000) * perDoubling
    return Math.abs(i - Math.round(i)) < 1e-6 ? [Math.round(i)] : []
  })
  const indices = [...new Set([...arms[0].buckets.keys(), ...arms[1].buckets.keys(), ...wanted])].sort((a, b) => a - b)
  const boundsMs = indices.map((i) => 1000 * 2 ** (i / perDoubling))
  const classic = (arm: NativeHistogram): Histogram => {
    let below = arm.zeroCount
    const atOrBelow = indices.map((i) => {
      below += arm.buckets.get(i) ?? 0
      return below
    })
    return { boundsMs, atOrBelow, count: arm.count }
  }
  return { blue: classic(arms[0]), green: classic(arms[1]) }
}
