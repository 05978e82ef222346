/**
 * One thing that an identity may do, as RBAC has it. `to move`: without it something of the release can't be done.
 * `to look`: without it something is not checked, and the rest goes on.
 */
export type Right = {
  readonly verb: string
  readonly group: string
  /** The plural, with a subresource after a slash: `cronjobs/status`. */
  readonly resource: string
  /** null: the kind has none. */
  readonly namespace: string | null
  /** null: all objects of the kind. */
  readonly name: string | null
  readonly need: 'to move' | 'to look'
  readonly why: string
}

/** "patch cronjobs.batch/status in shop", as people and RBAC write it. */
export const rightText = ({ verb, group, resource, namespace, name }: Right): string => {
  const [plural = '', subresource] = resource.split('/')
  const kind = `${group === '' ? plural : `${plural}.${group}`}${subresource === undefined ? '' : `/${subresource}`}`
  return `${verb} ${kind}${name === null ? '' : ` ${name}`}${namespace === null ? '' : ` in ${namespace}`}`
}

/** A rule as the API server lists it for an identity. */
export type Rule = {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  /** Empty: all. */
  readonly resourceNames: readonly string[]
}

/** Whether a rule gives a right. */
export const gives = ({ verbs, apiGroups, resources, resourceNames }: Rule, right: Right): boolean => {
  const subresource = right.resource.split('/')[1]
  const isResource =
    resources.includes('*') ||
    resources.includes(right.resource) ||
    (subresource !== undefined && resources.includes(`*/${subresource}`))
  return (
    isResource &&
    (verbs.includes('*') || verbs.includes(right.verb)) &&
    (apiGroups.includes('*') || apiGroups.includes(right.group)) &&
    (resourceNames.length === 0 || (right.name !== null && resourceNames.includes(right.name)))
  )
}
