import type { Block } from './sample.ts'

/**
 * Log likelihood ratio of one block of counts for "green's rate is r times the margin" against
 * H0: green's rate <= rho * blue's rate + delta (for r < 1 the reverse, >=). Exact for Poisson counts,
 * conservative for binomial ones, valid for any rate of blue that changes with time and for any traffic weights.
 * Zero where an arm is empty. Source: judge design, "Counter bettor".
 */
export const counterLlr = (block: Block, rho: number, delta: number, r: number): number => {
  const { xg, ng, xb, nb } = block
  if (ng === 0 || nb === 0) return 0
  const b = Math.log((rho * ng + nb) / (r * rho * ng + nb))
  const a = Math.log(r) + b
  return xg * a + xb * b - (delta === 0 ? 0 : ng * delta * Math.expm1(a))
}

type Margin = { readonly rho: number; readonly delta: number; readonly phi: number }
type Rate = { readonly lambda0: number; readonly phi: number }

/** Over a grid of ratios; `phi` is the dispersion (1 = Poisson). */
export const counterLlrs = (block: Block, margin: Margin, grid: readonly number[]): readonly number[] =>
  grid.map((r) => counterLlr(block, margin.rho, margin.delta, r) / margin.phi)

const oneSampleLlr = (x: number, n: number, { lambda0, phi }: Rate, r: number): number =>
  (x * Math.log(r) - n * lambda0 * (r - 1)) / phi

/** The same against a fixed rate `lambda0` (per request), for when there is no blue to compare with. */
export const oneSampleLlrs = (x: number, n: number, against: Rate, grid: readonly number[]): readonly number[] =>
  grid.map((r) => oneSampleLlr(x, n, against, r))

/** The bets of the counter bettor: what each point of the grid multiplies its money by. */
export const counterBets = (block: Block, { rho, delta, phi }: Margin, grid: readonly number[]): readonly number[] =>
  grid.map((r) => Math.exp(counterLlr(block, rho, delta, r) / phi))

export const oneSampleBets = (x: number, n: number, against: Rate, grid: readonly number[]): readonly number[] =>
  grid.map((r) => Math.exp(oneSampleLlr(x, n, against, r)))

/** ln(mean(exp(values))), without overflow. Empty: -Infinity. */
export const logMeanExp = (values: readonly number[]): number => {
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) if (value > high) high = value
  if (!Number.isFinite(high)) return high
  let sum = 0
  for (const value of values) sum += Math.exp(value - high)
  return high + Math.log(sum / values.length)
}

/** e^x, but finite, so that it survives JSON. */
export const finiteExp = (x: number): number => Math.exp(Math.min(x, 600))
