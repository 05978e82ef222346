import type { HttpRoute, ParentRef, RouteCondition } from './http-route.ts'

/** What the gateways say of a route's newest generation. */
export type Acceptance = { readonly kind: 'accepted' } | { readonly kind: 'pending'; readonly because: string }

const needed = ['Accepted', 'ResolvedRefs'] as const

/**
 * Every gateway that answers for the route has accepted its newest generation, and resolved what it refers to. A gateway
 * that never said anything of the route is not waited for, as long as another one did.
 */
export const acceptanceOf = (route: HttpRoute): Acceptance => {
  const { metadata, spec, status } = route
  const parents = (status?.parents ?? []).filter(({ parentRef }) =>
    (spec?.parentRefs ?? []).some((each) => isSameParent(each, parentRef, metadata?.namespace ?? '')),
  )
  if (parents.length === 0) {
    const named = (spec?.parentRefs ?? []).map(({ name }) => name).join(', ')
    return {
      kind: 'pending',
      because: `no gateway has answered for it (its parents: ${named === '' ? 'none' : named})`,
    }
  }
  const faults = parents.flatMap(({ parentRef, conditions = [] }) =>
    needed.flatMap((type) => faultIn(type, conditions, metadata?.generation ?? 0, parentRef.name)),
  )
  return faults[0] === undefined ? { kind: 'accepted' } : { kind: 'pending', because: faults[0] }
}

const faultIn = (
  type: (typeof needed)[number],
  conditions: readonly RouteCondition[],
  generation: number,
  gateway: string,
): readonly string[] => {
  const found = conditions.find((each) => each.type === type)
  if (found === undefined) return [`gateway ${gateway} says nothing of ${type}`]
  if ((found.observedGeneration ?? 0) < generation) return [`gateway ${gateway} has not seen its last change yet`]
  if (found.status === 'True') return []
  const { reason = 'no reason given', message = '' } = found
  const more = reason === 'RefNotPermitted' ? ' A ReferenceGrant in the namespace of the backend permits it.' : ''
  return [
    `gateway ${gateway} says ${type} is ${found.status} (${reason}${message === '' ? '' : `: ${message}`}).${more}`,
  ]
}

const isSameParent = (a: ParentRef, b: ParentRef, namespace: string): boolean =>
  a.name === b.name &&
  (a.namespace ?? namespace) === (b.namespace ?? namespace) &&
  (a.kind ?? 'Gateway') === (b.kind ?? 'Gateway') &&
  (a.sectionName ?? '') === (b.sectionName ?? '') &&
  (a.port ?? 0) === (b.port ?? 0)
