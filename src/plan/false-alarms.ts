import type { Plan } from './plan.ts'

export type FalseAlarms = {
  /** Services that the judge may take back: those that wait for a verdict. */
  readonly judged: number
  /** Upper bound of the chance that a release in which green is as good as blue has any service taken back, 0 to 1. */
  readonly bound: number
  /** Both, for people. */
  readonly text: string
}

/**
 * What alpha, which bounds false rollbacks per judged service and attempt, means for the whole release. The bound is
 * the sum (Boole), because services that call each other don't err independently.
 */
export const boundFalseAlarms = ({ moves }: Pick<Plan, 'moves'>): FalseAlarms => {
  const alphas = Object.values(moves)
    .filter(({ steps }) => steps.some(({ after }) => after.some(({ kind }) => kind === 'verdict')))
    .map(({ policy }) => policy.judge.alpha)
  const judged = alphas.length
  // Smallest first: the sum must not depend on the order of services.
  const sum = alphas.toSorted((a, b) => a - b).reduce((total, alpha) => total + alpha, 0)
  const bound = Math.min(1, sum)
  if (judged === 0)
    return { judged, bound, text: 'No service is judged by its traffic or work, so none is taken back by mistake.' }
  const each = new Set(alphas).size === 1 ? `${percent(alphas[0] ?? 0)} each` : 'each its own share'
  const remedy = bound > 0.05 ? ' Set policy.judge.alpha: { perRelease: 0.05 } to bound the whole release instead.' : ''
  const text = `If green is as good as blue everywhere, the chance that any of the ${judged} judged service${judged === 1 ? '' : 's'} is taken back by mistake is at most ${percent(bound)} (${each}).${remedy}`
  return { judged, bound, text }
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`
