/**
 * One e-process: evidence against "green is within the margin" that may be read after every sample without
 * raising the chance of a false alarm. It is a mixture of bets, each restarted with a little new money at each
 * sample, so that a regression that begins late is still caught. A step costs the same at any age.
 *
 * The design's formula holds logarithms. Here is the money itself: nothing starts at -Infinity, which JSON can't hold,
 * and a step costs a third. Money that underflows to 0 is what it says: nothing, until new money enters.
 */
export type Process = {
  /** Samples taken in. */
  readonly t: number
  /** Money on each point of the grid (the design's exp(logM)); empty before the first sample. */
  readonly money: readonly number[]
  /** Evidence after `t` samples; 1 before the first. */
  readonly E: number
}

export const newProcess: Process = { t: 0, money: [], E: 1 }

/**
 * Money is thrown away beyond this (the latch has long decided by then). Without it, E would overflow to Infinity,
 * which JSON can't hold. Losing money only makes the bet more careful.
 */
const MAX_MONEY = 1e260

/** One sample may multiply a stake by ten at most: a single odd sample never decides by itself. */
export const SAMPLE_CAP = 10

export type Schedule = {
  /** Samples after which half of the cash has been put into bets. */
  readonly c: number
  /** Share of the money that is bet at the first sample. */
  readonly pi1?: number
  /** Largest factor of one sample; 10 unless told. `null`: no cap. */
  readonly cap?: number | null
}

/** Money that enters the bets at sample t (from 1). */
export const restartMoney = (t: number, c: number, pi1 = 0.5): number =>
  (t === 1 ? pi1 : 0) + ((1 - pi1) * c) / ((t - 1 + c) * (t + c))

/** Money not bet yet after t samples. */
export const cashAfter = (t: number, c: number, pi1 = 0.5): number => ((1 - pi1) * c) / (t + c)

/** Takes one sample in. `bets` says what each point of the grid multiplies its money by, always in the same order. */
export const stepProcess = (process: Process, bets: readonly number[], schedule: Schedule): Process => {
  const { c, pi1 = 0.5, cap = SAMPLE_CAP } = schedule
  const t = process.t + 1
  const entering = restartMoney(t, c, pi1)
  const limit = cap ?? Number.POSITIVE_INFINITY
  let sum = 0
  let i = 0
  const money: number[] = []
  for (const bet of bets) {
    const after = Math.min(MAX_MONEY, ((process.money[i] ?? 0) + entering) * Math.min(bet, limit))
    sum += after
    money.push(after)
    i += 1
  }
  return { t, money, E: cashAfter(t, c, pi1) + sum / bets.length }
}
