import { counterLlr } from '../judge/counter.ts'
import { judgeDefaults, toleratedFailures } from '../judge/defaults.ts'
import { HARM, NONINF } from '../judge/grids.ts'
import type { Millis } from '../moves/goal.ts'
import type { MovePlan } from '../plan/plan.ts'
import type { SimulatedService } from './simulated-world.ts'

type Traffic = { readonly rate: number; readonly base: number }

export const trafficOf = ({ behaviour: { users, queue } }: SimulatedService): Traffic | null => {
  if (users !== null) return { rate: users.requestsPerSecond, base: users.answering.blue.errorRatio }
  return queue === null ? null : { rate: queue.itemsPerSecond, base: queue.failRatio.blue }
}

/** Of the errors' counter in all evidence: half of its check, which is half of all. Its money is spread over the grid. */
const counterNeeds = (alpha: number, points: number): number => Math.log((4 * points * 2) / alpha)

/**
 * How long the judge is expected to need until the evidence of errors alone takes a service back, at one share of the
 * traffic: what it needs, by what the best of its bets gains a second (the law of large numbers on its own log
 * likelihood ratios). null: never, because it is within the margin.
 */
export const noticeMs = (
  move: MovePlan,
  { rate, base }: Traffic,
  extra: number,
  greenPercent: number,
): Millis | null => {
  const { judge } = move.policy
  const phi = judge.dispersion ?? 2
  const green = base + extra * (1 - base)
  const share = greenPercent / 100
  const gain = (r: number): number => {
    if (share >= 1) {
      const lambda0 = judge.errorRatio * base + judge.errorDelta
      return rate * (green * Math.log(r) - lambda0 * (r - 1))
    }
    const block = { ng: rate * share, nb: rate * (1 - share), xg: rate * share * green, xb: rate * (1 - share) * base }
    return counterLlr(block, judge.errorRatio, judge.errorDelta, r)
  }
  const best = Math.max(...HARM.map(gain)) / phi
  return best <= 0 ? null : Math.ceil((1_000 * counterNeeds(judge.alpha, HARM.length)) / best)
}

/** Extra failures that the release tolerates of a service with so many requests a second, as a part of all traffic. */
export const toleratedOf = ({ policy }: MovePlan, rate: number): number =>
  policy.judge.toleratedExtra ?? toleratedFailures(rate)

/** How long the judge is expected to need to prove that a green as good as blue is not worse, at one share; null: never. */
export const proofMs = (
  move: MovePlan,
  { rate, base }: Traffic,
  greenPercent: number,
  tolerated = toleratedOf(move, rate),
): Millis | null => {
  const { judge } = move.policy
  const share = greenPercent / 100
  const { rho, needed } = judgeDefaults.proof
  const delta = Math.max(judge.errorDelta, tolerated / share)
  const gain = (r: number): number => {
    if (share >= 1) return rate * (base * Math.log(r) - (rho * base + delta) * (r - 1))
    const block = { ng: rate * share, nb: rate * (1 - share), xg: rate * share * base, xb: rate * (1 - share) * base }
    return counterLlr(block, rho, delta, r)
  }
  const best = Math.max(...NONINF.map(gain)) / (judge.dispersion ?? 2)
  return best <= 0 ? null : Math.ceil((1_000 * Math.log(needed * NONINF.length)) / best)
}

/** At all of the traffic, where the judge sees most. */
export const wouldNotice = (
  move: MovePlan,
  service: SimulatedService,
  extra: number,
): { readonly atGreen: number; readonly ms: Millis | null } | null => {
  const traffic = trafficOf(service)
  return traffic === null ? null : { atGreen: 100, ms: noticeMs(move, traffic, extra, 100) }
}
