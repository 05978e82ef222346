import type { RollbackScope } from '../journal/events.ts'
import type { Plan } from '../plan/plan.ts'

/** Who calls whom, turned round: for each service those that need it directly. */
const directDependents = (plan: Plan): ReadonlyMap<string, readonly string[]> => {
  const dependents = new Map<string, string[]>()
  for (const move of Object.values(plan.moves))
    for (const need of move.needs) dependents.set(need, [...(dependents.get(need) ?? []), move.service])
  return dependents
}

const withDependents = (plan: Plan, services: readonly string[]): readonly string[] => {
  const dependents = directDependents(plan)
  const found = new Set(services)
  for (const service of found) for (const dependent of dependents.get(service) ?? []) found.add(dependent)
  return [...found]
}

/** What goes back with a scope: the services named by it and everything that depends on them, directly or not. */
export const servicesToTakeBack = (plan: Plan, scope: RollbackScope): readonly string[] => {
  switch (scope.kind) {
    case 'everything':
      return Object.keys(plan.moves)
    case 'service':
      return withDependents(plan, [scope.service])
    case 'wave':
      return withDependents(plan, plan.waves.find((wave) => wave.number === scope.wave)?.services ?? [])
    default:
      return scope satisfies never
  }
}

/** Those of `among` that need the service directly: they go back before it. */
export const dependentsAmong = (plan: Plan, service: string, among: ReadonlySet<string>): readonly string[] =>
  Object.values(plan.moves).flatMap((move) =>
    move.needs.includes(service) && among.has(move.service) && move.service !== service ? [move.service] : [],
  )
