import { byText } from '../inventory/ordering.ts'
import type { RollbackScope } from '../journal/events.ts'
import type { MovePlan, Plan } from './plan.ts'

type Moves = Pick<Plan, 'moves'>

/** Who depends on whom, directly: services by the one that they call. Made once for a plan. */
export type Dependents = ReadonlyMap<string, readonly string[]>

export const findDependents = ({ moves }: Moves): Dependents => {
  const dependents = new Map<string, string[]>()
  for (const { service, needs, reaches = [] } of Object.values(moves)) {
    for (const needed of [...needs, ...reaches]) {
      const known = dependents.get(needed)
      if (known) known.push(service)
      else dependents.set(needed, [service])
    }
  }
  return dependents
}

/** The services given, and all that depend on them directly or through others. Unknown names are left out. */
const withDependents = (plan: Moves, services: readonly string[], dependents: Dependents): ReadonlySet<string> => {
  const found = new Set(services.filter((name) => Object.hasOwn(plan.moves, name)))
  // A Set hands out what is added while it is walked, so this reaches everything, each once.
  for (const name of found) for (const dependent of dependents.get(name) ?? []) found.add(dependent)
  return found
}

/**
 * The services of a rollback, in the order in which they go back: users first, then dependents before what they need.
 * One service or wave takes along all that depends on it, also what has settled. A service or wave that the plan
 * doesn't have gives an empty list. Those that never moved are in it as well: going back costs them nothing.
 */
export const goingBack = (
  plan: Moves & Pick<Plan, 'waves'>,
  scope: RollbackScope,
  dependents: Dependents = findDependents(plan),
): readonly string[] => inGoingBackOrder(plan, [...withDependents(plan, startOf(plan, scope), dependents)])

const startOf = (plan: Moves & Pick<Plan, 'waves'>, scope: RollbackScope): readonly string[] => {
  switch (scope.kind) {
    case 'everything':
      return Object.keys(plan.moves)
    case 'service':
      return [scope.service]
    case 'wave':
      return plan.waves.find(({ number }) => number === scope.wave)?.services ?? []
    default:
      return scope satisfies never
  }
}

/** Later waves need earlier ones, never the other way round (but for `reaches`, where users come first anyway). */
export const inGoingBackOrder = (plan: Moves, services: readonly string[]): readonly string[] =>
  services
    .flatMap((name) => (Object.hasOwn(plan.moves, name) ? (plan.moves[name] ?? []) : []))
    .sort((a, b) => usersFirst(a) - usersFirst(b) || b.wave - a.wave || byText(a.service, b.service))
    .map(({ service }) => service)

const usersFirst = ({ kind }: MovePlan): number => (kind === 'exposed' ? 0 : 1)

/** All that depends on one service, directly or through others, in the order in which they go back; not the service itself. */
export const dependentsOf = (
  plan: Moves,
  service: string,
  dependents: Dependents = findDependents(plan),
): readonly string[] =>
  inGoingBackOrder(
    plan,
    [...withDependents(plan, [service], dependents)].filter((name) => name !== service),
  )
