import type { Gate, MovePlan, Plan, Step } from '../plan/plan.ts'

/** All that a service needs, directly and not. */
const neededBy = (plan: Plan, service: string, found = new Set([service])): ReadonlySet<string> => {
  const { needs = [], reaches = [] } = plan.moves[service] ?? {}
  for (const need of [...needs, ...reaches])
    if (plan.moves[need] !== undefined && !found.has(need)) neededBy(plan, need, found.add(need))
  return found
}

/** Of people, calendars and conditions: they wait for others, which is not what a fault is rehearsed for. */
const waitsForOthers = ({ kind }: Gate): boolean => kind === 'approval' || kind === 'window' || kind === 'condition'
/** Without these a service gets to green as fast as it can. */
const takesTime = (gate: Gate): boolean =>
  waitsForOthers(gate) ||
  gate.kind === 'verdict' ||
  gate.kind === 'soak' ||
  gate.kind === 'good runs' ||
  gate.kind === 'test'

const without = (step: Step, leavesOut: (gate: Gate) => boolean): Step => ({
  ...step,
  before: step.before.filter((gate) => !leavesOut(gate)),
  after: step.after.filter((gate) => !leavesOut(gate)),
})

/** Weights and shares on the way to the last are left out. */
const isOnTheWay = ({ kind }: MovePlan, { goal }: Step): boolean =>
  (goal?.kind === 'weights' && goal.green < 100) || (kind === 'worker' && goal?.kind === 'workload' && goal.blue > 0)

const hurried = (move: MovePlan): MovePlan => ({
  ...move,
  steps: move.steps
    .filter((step) => step.goal?.kind !== 'test' && !isOnTheWay(move, step))
    .map((step) => without(step, takesTime)),
})

/**
 * The plan for one service that goes wrong: its own steps, verdicts and waits as they are, but for what waits for people
 * and calendars; what must be on green before it gets there at once. Where one rollback takes the whole release back,
 * everything that would be on green by then is in it, else only what the service needs.
 */
export const narrowPlan = (plan: Plan, target: string): Plan => {
  const last = plan.moves[target]?.wave ?? 0
  const needed = neededBy(plan, target)
  const isIn = ({ service, wave }: MovePlan): boolean =>
    plan.policy.afterRollback === 'release' ? wave <= last || needed.has(service) : needed.has(service)
  const kept = Object.values(plan.moves).filter(isIn)
  const names = new Set(kept.map(({ service }) => service))
  const moves = kept.map((move): [string, MovePlan] => {
    const own =
      move.service === target
        ? { ...move, steps: move.steps.map((step) => without(step, waitsForOthers)) }
        : hurried(move)
    const { reaches = [] } = own
    const inside = (service: string): boolean => names.has(service)
    return [move.service, { ...own, needs: own.needs.filter(inside), reaches: reaches.filter(inside) }]
  })
  return {
    ...plan,
    policy: { ...plan.policy, parallelMs: 0, approvals: { beforeUserTraffic: false, beforeRelease: false } },
    waves: plan.waves.flatMap((wave) => {
      const services = wave.services.filter((service) => names.has(service))
      return services.length === 0 ? [] : [{ ...wave, services }]
    }),
    moves: Object.fromEntries(moves),
  }
}
