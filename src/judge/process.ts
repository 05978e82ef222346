import { LN_10 } from './grids.ts'

/**
 * One e-process: evidence against "green is within the margin" that may be read after every sample without
 * raising the chance of a false alarm. It is a mixture of bets, each restarted with a little new money at each
 * sample, so that a regression that begins late is still caught. A step costs the same at any age.
 *
 * Plain JSON: `logM` is empty before the first sample (where the formula has -Infinity) and finite after it.
 */
export type Process = {
  /** Samples taken in. */
  readonly t: number
  /** Natural logarithm of the money on each point of the grid. */
  readonly logM: readonly number[]
  /** Evidence after `t` samples; 1 before the first. */
  readonly E: number
}

export const newProcess: Process = { t: 0, logM: [], E: 1 }

/**
 * Money is thrown away beyond e^600 (a person or the latch has long decided by then). Without this, E would
 * overflow to Infinity, which JSON can't hold. Losing money only makes the bet more careful.
 */
const MAX_LOG = 600

export type Schedule = {
  /** Samples after which half of the cash has been put into bets. */
  readonly c: number
  /** Share of the money that is bet at the first sample. */
  readonly pi1?: number
  /** Largest log e-value of one sample. `null`: no cap. */
  readonly cap?: number | null
}

/** Money that enters the bets at sample t (from 1). */
export const restartMoney = (t: number, c: number, pi1 = 0.5): number =>
  (t === 1 ? pi1 : 0) + ((1 - pi1) * c) / ((t - 1 + c) * (t + c))

/** Money not bet yet after t samples. */
export const cashAfter = (t: number, c: number, pi1 = 0.5): number => ((1 - pi1) * c) / (t + c)

/** ln(e^a + e^b) without overflow. */
export const logAddExp = (a: number, b: number): number => {
  const high = a > b ? a : b
  const low = a > b ? b : a
  return low === Number.NEGATIVE_INFINITY ? high : high + Math.log1p(Math.exp(low - high))
}

/** Takes one sample in. `bets` holds the log e-value of each point of the grid, always in the same order. */
export const stepProcess = (process: Process, bets: readonly number[], schedule: Schedule): Process => {
  const { c, pi1 = 0.5, cap = LN_10 } = schedule
  const t = process.t + 1
  const entering = Math.log(restartMoney(t, c, pi1))
  const limit = cap ?? Number.POSITIVE_INFINITY
  const logM: number[] = []
  let sum = 0
  for (const bet of bets) {
    const before = process.logM[logM.length] ?? Number.NEGATIVE_INFINITY
    const after = Math.min(MAX_LOG, logAddExp(before, entering) + Math.min(bet, limit))
    logM.push(after)
    sum += Math.exp(after)
  }
  return { t, logM, E: cashAfter(t, c, pi1) + sum / bets.length }
}
