import type { Millis } from '../../moves/goal.ts'
import { type Side, sides } from '../../moves/goal.ts'
import { type CheckContext, urlOn } from './context.ts'
import { applyLoad, type Load, quantile } from './load.ts'
import { countsOf, type Pair, type RatioInterval, ratioInterval, seededRandom } from './ratio-interval.ts'

export type BenchmarkOptions = {
  /** Asked by GET on both sides: only a path that was declared safe. */
  readonly path: string
  readonly ratePerSecond: number
  /** How many times blue, green, green, blue; more make the intervals narrower. */
  readonly rounds?: number
  /** How long each of the four parts of a round takes. */
  readonly partMs?: Millis
  readonly seed?: number
}

export type SideFigures = {
  readonly requests: number
  readonly errors: number
  /** null: nothing was answered. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

export type Benchmark =
  | {
      readonly kind: 'measured'
      readonly at: Millis
      readonly rounds: number
      readonly blue: SideFigures
      readonly green: SideFigures
      /** Green divided by blue. null: too few answers to tell. */
      readonly ratio: { readonly p50: RatioInterval | null; readonly p99: RatioInterval | null }
    }
  | { readonly kind: 'not measured'; readonly at: Millis; readonly because: string }

const defaultRounds = 8
const defaultPartMs: Millis = 1_000
const defaultSeed = 20_261_123
/** Fewer say nothing of the median, … */
const leastForMedian = 50
/** … or of one in a hundred. */
const leastForTail = 500

/** In this order whatever changes steadily meanwhile (the machine, the network) hurts both sides alike. */
const order: readonly Side[] = ['blue', 'green', 'green', 'blue']

/**
 * Compares both copies of a service under the same load, in turns (ABBA), past the router. Ends at once when blue's objectives
 * suffer: half a benchmark is none.
 */
export const runBenchmark = async (options: BenchmarkOptions, context: CheckContext): Promise<Benchmark> => {
  const { rounds = defaultRounds, partMs = defaultPartMs, ratePerSecond, path } = options
  const { clock, signal, blueGuard, service } = context
  const at = clock.now()
  const notMeasured = (because: string): Benchmark => ({ kind: 'not measured', at, because })
  const urls = { blue: urlOn(await context.blueAddress(), path), green: urlOn(await context.greenAddress(), path) }
  const loads: { readonly round: number; readonly side: Side; readonly load: Load }[] = []
  for (let round = 0; round < rounds; round++)
    for (const side of order) {
      const url = urls[side]
      if (url === null) return notMeasured(`${service} has no address on ${side}`)
      const load = await applyLoad({ url, ratePerSecond, durationMs: partMs, signal, ...(blueGuard && { blueGuard }) })
      if (load.stopped === 'aborted') return notMeasured('it was stopped')
      if (load.stopped !== null) return notMeasured('it was stopped because blue’s objectives suffered')
      loads.push({ round, side, load })
    }
  const latencies = (side: Side, round?: number): readonly number[] =>
    loads.flatMap(({ load, ...of }) =>
      of.side === side && (round === undefined || of.round === round) ? load.latencies : [],
    )
  const pairs = Array.from(
    { length: rounds },
    (_, round): Pair => ({
      blue: countsOf(latencies('blue', round)),
      green: countsOf(latencies('green', round)),
    }),
  )
  const fewest = Math.min(...sides.map((side) => latencies(side).length))
  const random = seededRandom(options.seed ?? defaultSeed)
  return {
    kind: 'measured',
    at,
    rounds,
    blue: figuresOf(loads, 'blue'),
    green: figuresOf(loads, 'green'),
    ratio: {
      p50: fewest < leastForMedian ? null : ratioInterval(pairs, 0.5, random),
      p99: fewest < leastForTail ? null : ratioInterval(pairs, 0.99, random),
    },
  }
}

const figuresOf = (loads: readonly { readonly side: Side; readonly load: Load }[], side: Side): SideFigures => {
  const own = loads.flatMap(({ load, ...of }) => (of.side === side ? [load] : []))
  const latencies = own.flatMap((load) => load.latencies)
  const unanswered = own.reduce((sum, load) => sum + load.unanswered, 0)
  const refused = own.reduce((sum, load) => sum + load.refused, 0)
  const timed = (share: number): number | null => (latencies.length === 0 ? null : quantile(latencies, share))
  return {
    requests: latencies.length + unanswered,
    errors: refused + unanswered,
    p50Ms: timed(0.5),
    p99Ms: timed(0.99),
  }
}
