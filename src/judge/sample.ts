/** Milliseconds since the epoch, or a length in milliseconds. */
export type Millis = number

/** A classic histogram's increments over a sample, as seen at the router (the service's own where there is no router). */
export type Histogram = {
  /** Upper bounds in milliseconds, ascending, without +Inf. */
  readonly boundsMs: readonly number[]
  /** Requests that took at most the bound beside it: cumulative over bounds, an increment over time. */
  readonly atOrBelow: readonly number[]
  /** All requests, which is the +Inf bucket. */
  readonly count: number
}

/** What one environment did during a sample: increments of raw counters, summed over series after differencing each. */
export type Arm = {
  /** Requests answered (also with an error). */
  readonly requests: number
  readonly errors: number
  /** `null`: not measured in this sample. Where `youngLatency` is given, only replicas older than the warm-up. */
  readonly latency: Histogram | null
  /**
   * Latency of replicas younger than the warm-up. Absent: they can't be told apart, and the service's latency waits
   * for the warm-up after each raise. `null`: they can be told apart, and there are none now.
   */
  readonly youngLatency?: Histogram | null
  /** Business counters by name, such as orders. A name that is absent was not measured. */
  readonly business?: Readonly<Record<string, number>>
}

/** One measuring interval, for both arms over the same time. */
export type Sample = {
  /** End of the interval. A sample that is not later than the last one is ignored, so it may be given again. */
  readonly at: Millis
  readonly durationMs: Millis
  /**
   * `null`: not measured. The next increments of that arm are expected to cover the gap, as those of a counter do:
   * the judge then compares both arms over the longer block.
   */
  readonly blue: Arm | null
  readonly green: Arm | null
  /** Requests that the router assigned to each arm. `null`: unknown, and throughput waits. */
  readonly assigned: { readonly blue: number; readonly green: number } | null
  /** Green's part of the traffic in percent, as it was set. */
  readonly weightGreen: number
  /** Levels such as saturation, by the gauge's name. `null`: not measured. */
  readonly gauges?: Readonly<Record<string, { readonly blue: number | null; readonly green: number | null }>>
}

/** Events (x) and opportunities (n) on green (g) and blue (b), over the same time. */
export type Block = { readonly xg: number; readonly ng: number; readonly xb: number; readonly nb: number }

export const emptyBlock: Block = { xg: 0, ng: 0, xb: 0, nb: 0 }

export const addBlocks = (a: Block, b: Block): Block => ({
  xg: a.xg + b.xg,
  ng: a.ng + b.ng,
  xb: a.xb + b.xb,
  nb: a.nb + b.nb,
})
