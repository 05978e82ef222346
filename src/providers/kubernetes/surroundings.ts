import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js'
import type { Role, RoleBinding } from 'kubernetes-types/rbac/v1.js'
import type { Answer } from '../../engine/ports.ts'
import type { JsonMap } from '../../kubernetes/json.ts'
import { accountName, podReferences } from '../../kubernetes/pod-references.ts'
import { isEmptySelector, readLabelSelector, readSelector, type Selector, selects } from '../../kubernetes/selector.ts'
import type { Workload } from '../../kubernetes/workload.ts'
import { kinds } from './client/kinds.ts'
import { type KubernetesObject, placeOf, type Resource } from './client/resource.ts'
import { surroundingKinds } from './client/surrounding-kinds.ts'
import type { KubernetesEnvironment } from './environment.ts'

type Where = Pick<KubernetesEnvironment, 'cluster' | 'namespace'>

/** An object beside a workload, as it stands now. */
export type Surrounding = { readonly resource: Resource; readonly object: KubernetesObject }

const found = <T extends KubernetesObject>(resource: Resource<T>, objects: readonly T[]): readonly Surrounding[] =>
  // The shape only ties the resource to its objects; both go on together.
  objects.map((object) => ({ resource: resource as unknown as Resource, object }))

const ok = <T>(value: T): Answer<T> => ({ kind: 'ok', value })

/** All parts, or the first trouble. */
const together = async (
  parts: readonly Promise<Answer<readonly Surrounding[]>>[],
): Promise<Answer<readonly Surrounding[]>> => {
  const answers = await Promise.all(parts)
  const all: Surrounding[] = []
  for (const answer of answers) {
    if (answer.kind !== 'ok') return answer
    all.push(...answer.value)
  }
  return ok(all)
}

/**
 * What a workload needs around it, in the order in which it has to be made: its ServiceAccount and what that may do,
 * configuration, policies, Services and budgets. Objects of many workloads, such as a policy for all pods of the
 * namespace, are nobody's: copying one would change how others run.
 */
export const surroundingsOf = (
  where: Where,
  workload: Workload,
  signal: AbortSignal,
): Promise<Answer<readonly Surrounding[]>> =>
  together([
    accountOf(where, workload, signal),
    configurationOf(where, workload, signal),
    rightsOf(where, workload, signal),
    selecting(where, workload, surroundingKinds.networkPolicies, policySelector, signal),
    selecting(where, workload, kinds.services, ({ spec }) => readLabelSelector(spec?.selector), signal),
    selecting(where, workload, surroundingKinds.budgets, ({ spec }) => readSelector(json(spec?.selector)), signal),
  ])

/** What came over the wire as JSON is JSON. */
const json = (value: unknown): JsonMap | undefined => value as JsonMap | undefined

const policySelector = ({ spec }: NetworkPolicy): Selector | null => {
  const selector = readSelector(json(spec?.podSelector))
  return selector === null || isEmptySelector(selector) ? null : selector
}

const byName = async <T extends KubernetesObject>(
  { cluster, namespace }: Where,
  resource: Resource<T>,
  name: string,
  signal: AbortSignal,
): Promise<Answer<readonly Surrounding[]>> => {
  const read = await cluster.client.get(resource, { namespace, name }, { signal })
  if (read.kind !== 'ok') return read
  return ok(read.value === null ? [] : found(resource, [read.value]))
}

/** The account that each namespace has by itself is there already, but for the secrets that it pulls images with. */
const accountOf = async (where: Where, workload: Workload, signal: AbortSignal) => {
  const read = await byName(where, surroundingKinds.serviceAccounts, accountName(workload), signal)
  if (read.kind !== 'ok') return read
  const [account] = read.value
  const pulls = (account?.object as { readonly imagePullSecrets?: readonly { readonly name?: string }[] } | undefined)
    ?.imagePullSecrets
  const secrets = await together((pulls ?? []).map(({ name = '' }) => secretOf(where, name, signal)))
  if (secrets.kind !== 'ok') return secrets
  return ok([...secrets.value, ...(accountName(workload) === 'default' ? [] : read.value)])
}

/** Every namespace is given these by its own cluster. */
const givenMaps: readonly string[] = ['kube-root-ca.crt', 'istio-ca-root-cert']
const givenSecrets = ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token']

const secretOf = async (where: Where, name: string, signal: AbortSignal) => {
  const read = await byName(where, kinds.secrets, name, signal)
  if (read.kind !== 'ok') return read
  const isOwn = ({ object }: Surrounding) => !givenSecrets.includes((object as { readonly type?: string }).type ?? '')
  return ok(read.value.filter(isOwn))
}

const configurationOf = (where: Where, workload: Workload, signal: AbortSignal) =>
  together(
    podReferences(workload).map(({ sort, name }) => {
      if (sort === 'Secret') return secretOf(where, name, signal)
      if (sort === 'ConfigMap' && !givenMaps.includes(name)) return byName(where, kinds.configMaps, name, signal)
      return Promise.resolve(ok([]))
    }),
  )

/** Roles before their bindings, of this namespace only: what holds for the whole cluster is given by people. */
const rightsOf = async (where: Where, workload: Workload, signal: AbortSignal) => {
  const { cluster, namespace } = where
  const [roles, bindings] = await Promise.all([
    cluster.watches.of(surroundingKinds.roles, { namespace }).ready(signal),
    cluster.watches.of(surroundingKinds.roleBindings, { namespace }).ready(signal),
  ])
  if (roles.kind !== 'ok') return roles
  if (bindings.kind !== 'ok') return bindings
  const binds = ({ subjects = [] }: RoleBinding) =>
    subjects.some(
      ({ kind, name, namespace: its = namespace }) =>
        kind === 'ServiceAccount' && name === accountName(workload) && its === namespace,
    )
  const bound = accountName(workload) === 'default' ? [] : bindings.value.list({ namespace }).filter(binds)
  const named = bound
    .filter(({ roleRef }) => roleRef.kind === 'Role')
    .map(({ roleRef }) => roles.value.get({ namespace, name: roleRef.name }))
  const their = named.filter((role): role is Role => role !== null)
  return ok([...found(surroundingKinds.roles, their), ...found(surroundingKinds.roleBindings, bound)])
}

const selecting = async <T extends KubernetesObject>(
  { cluster, namespace }: Where,
  { podLabels }: Workload,
  resource: Resource<T>,
  selectorOf: (object: T) => Selector | null,
  signal: AbortSignal,
): Promise<Answer<readonly Surrounding[]>> => {
  const reader = await cluster.watches.of(resource, { namespace }).ready(signal)
  if (reader.kind !== 'ok') return reader
  const fits = (object: T) => {
    const selector = selectorOf(object)
    return selector !== null && selects(selector, podLabels)
  }
  const objects = reader.value.list({ namespace }).filter(fits)
  return ok(
    found(
      resource,
      objects.toSorted((a, b) => placeOf(a).name.localeCompare(placeOf(b).name)),
    ),
  )
}
