import type { TestDefinition } from '../../plan/plan.ts'
import { runBenchmark, type SideFigures } from './benchmark.ts'
import type { CheckContext, Found } from './context.ts'
import { longestMs, mostPerSecond } from './load.ts'
import type { RatioInterval } from './ratio-interval.ts'

/** A side passes with at most so many failures. How much slower green may be is the judge's business, and people's. */
const mostFailed = 0.01
const partMs = 1_000
const partsPerRound = 4
/** Fewer rounds give no interval. */
const leastRounds = 2

/** The paired benchmark as a test: it passes when both sides were measured and green failed no more than it may. */
export const compareSides = async (
  definition: Extract<TestDefinition, { readonly kind: 'stress' }>,
  context: CheckContext,
): Promise<Found> => {
  const rounds = Math.max(
    leastRounds,
    Math.round(Math.min(longestMs, definition.durationMs) / (partMs * partsPerRound)),
  )
  const ratePerSecond = Math.min(mostPerSecond, definition.ratePerSecond)
  const found = await runBenchmark({ path: definition.path, ratePerSecond, rounds, partMs }, context)
  if (found.kind === 'not measured') return { passed: false, summary: `not measured: ${found.because}`, figures: {} }
  const { blue, green, ratio } = found
  const passed = green.requests > 0 && green.errors <= mostFailed * green.requests
  const failed = passed ? '' : `green failed ${green.errors} of ${green.requests}; at most ${mostFailed * 100} % may; `
  return {
    passed,
    summary: `${failed}blue ${inWords(blue)}; green ${inWords(green)}; green/blue: p50 ${ratioInWords(ratio.p50)}, p99 ${ratioInWords(ratio.p99)}`,
    figures: {
      ...figuresOf('blue', blue),
      ...figuresOf('green', green),
      ...ratioFigures('ratioP50', ratio.p50),
      ...ratioFigures('ratioP99', ratio.p99),
      ratePerSecond,
      rounds,
    },
  }
}

const inWords = ({ requests, errors, p50Ms, p99Ms }: SideFigures): string =>
  p50Ms === null || p99Ms === null
    ? `answered none of ${requests}`
    : `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ${errors} of ${requests} failed`

const ratioInWords = (ratio: RatioInterval | null): string =>
  ratio === null
    ? 'too few answers to tell'
    : `${ratio.estimate.toFixed(2)} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)})`

const figuresOf = (
  side: string,
  { requests, errors, p50Ms, p99Ms }: SideFigures,
): Readonly<Record<string, number>> => ({
  [`${side}Requests`]: requests,
  [`${side}Errors`]: errors,
  ...(p50Ms === null ? {} : { [`${side}P50Ms`]: p50Ms }),
  ...(p99Ms === null ? {} : { [`${side}P99Ms`]: p99Ms }),
})

const ratioFigures = (name: string, ratio: RatioInterval | null): Readonly<Record<string, number>> =>
  ratio === null ? {} : { [name]: ratio.estimate, [`${name}Low`]: ratio.low, [`${name}High`]: ratio.high }
