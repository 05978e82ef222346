import type { JsonMap } from '../kubernetes/json.ts'
import type { Right } from './right.ts'

/** Who gets the rights of one side. */
export type Account = { readonly namespace: string; readonly name: string }

/** The rules of a role that give just these rights: as few as can be, each with what has the same verbs and names. */
export const rulesOf = (rights: readonly Right[]): readonly JsonMap[] => {
  const byResource = Map.groupBy(rights, ({ group, resource, name }) => JSON.stringify([group, resource, name]))
  const rules = [...byResource.values()].map((some) => {
    const [first] = some
    return {
      group: first?.group ?? '',
      resource: first?.resource ?? '',
      name: first?.name ?? null,
      verbs: [...new Set(some.map(({ verb }) => verb))].toSorted(byVerb),
    }
  })
  // Objects of one kind with the same verbs are one rule, then kinds of one group.
  const named = [
    ...Map.groupBy(rules, ({ group, resource, verbs, name }) =>
      JSON.stringify([group, resource, verbs, name === null]),
    ).values(),
  ]
  const merged = named.map((some) => ({ ...some[0], names: some.flatMap(({ name }) => name ?? []).toSorted() }))
  const groups = Map.groupBy(merged, ({ group, verbs, names, resource }) =>
    JSON.stringify([group, verbs, names, names.length === 0 ? '' : resource]),
  )
  return [...groups.values()].map((some) => {
    const [first] = some
    return {
      apiGroups: [first?.group ?? ''],
      resources: some.map(({ resource }) => resource ?? ''),
      ...(first === undefined || first.names.length === 0 ? {} : { resourceNames: first.names }),
      verbs: first?.verbs ?? [],
    }
  })
}

const verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete', 'bind', 'escalate']
const byVerb = (a: string, b: string): number => verbs.indexOf(a) - verbs.indexOf(b)

/** By this they are known as ours: they are no part of an estate that is compared. */
const ours = (name: string): JsonMap => ({ 'titrate.dev/access': name })

/**
 * The ServiceAccount of a side, a Role with its binding for each namespace, and a ClusterRole for what has no namespace:
 * a policy of its own name.
 */
export const roleManifests = (
  name: string,
  account: Account,
  rights: ReadonlyMap<string, readonly Right[]>,
): readonly JsonMap[] => {
  const ofCluster = [...rights.values()].flat().filter(({ namespace }) => namespace === null)
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...account, labels: ours(name) } },
    ...[...rights].flatMap(([namespace, own]) =>
      roleWithBinding(
        name,
        account,
        namespace,
        own.filter((right) => right.namespace !== null),
      ),
    ),
    ...(ofCluster.length === 0 ? [] : roleWithBinding(name, account, null, ofCluster)),
  ]
}

const roleWithBinding = (
  name: string,
  account: Account,
  namespace: string | null,
  rights: readonly Right[],
): readonly JsonMap[] => {
  const kind = namespace === null ? 'ClusterRole' : 'Role'
  const metadata = { ...(namespace === null ? {} : { namespace }), name, labels: ours(name) }
  return [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata, rules: rulesOf(rights) },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  ]
}
