import type { MovePlan, Plan, Step } from './plan.ts'

/**
 * The same plan, in which moves that are alike share their steps, tests, policies and reasons, as `makePlan` gives it: what comes
 * from a journal has its own of each, and a plan of a thousand services would be held a thousand times over.
 */
export const shareParts = (plan: Plan): Plan => {
  const known = new Map<string, unknown>()
  /** By what it says; parts of a plan are plain data. `make`: what is kept of the first that says it. */
  const shared = <T>(kind: string, part: T, make: (part: T) => T = (own) => own): T => {
    const key = `${kind} ${JSON.stringify(part)}`
    const found = known.get(key)
    // Under one kind there are parts of one type only.
    if (found !== undefined) return found as T
    const first = make(part)
    known.set(key, first)
    return first
  }
  const stepsOf = (steps: readonly Step[]): readonly Step[] => steps.map((step) => shared('step', step))
  const sharing = (move: MovePlan): MovePlan => ({
    ...move,
    kinds: shared('kinds', move.kinds),
    steps: shared('steps', move.steps, stepsOf),
    tests: shared('tests', move.tests),
    policy: shared('policy', move.policy),
    why: shared('why', move.why),
  })
  return { ...plan, moves: Object.fromEntries(Object.entries(plan.moves).map(([name, move]) => [name, sharing(move)])) }
}
