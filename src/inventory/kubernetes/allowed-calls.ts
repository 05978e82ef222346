import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { at, isMap, mapsAt } from '../../kubernetes/json.ts'
import { type KubernetesObject, objectText } from '../../kubernetes/object.ts'
import { everything, isEmptySelector, readSelector, type Selector, selects } from '../../kubernetes/selector.ts'
import type { Workload } from '../../kubernetes/workload.ts'
import type { SeenCall } from '../estate.ts'
import { byText } from '../ordering.ts'
import type { CallContext } from './calls.ts'

/** More pairs than this say that a policy is wide, and nothing of who calls whom. */
const mostPairs = 50

/** Calls that the network's rules speak of: policies that name both ends, and routes inside. By caller. */
export const allowedCalls = (context: CallContext): ReadonlyMap<Workload, readonly SeenCall[]> => {
  const calls = new Map<Workload, SeenCall[]>()
  const add = (caller: Workload, call: SeenCall): void => {
    const known = calls.get(caller)
    if (known) known.push(call)
    else calls.set(caller, [call])
  }
  for (const policy of context.index.all('NetworkPolicy')) {
    for (const [callers, targets] of pairsOf(policy, context.index)) {
      if (callers.length * targets.length > mostPairs) continue
      const services = [...new Set(targets.map(context.names))].sort(byText)
      for (const caller of callers) add(caller, byPolicy(policy, services, callers.length === 1))
    }
  }
  for (const { from, to, by } of context.network.inside) {
    for (const caller of from.workloads) {
      for (const target of to.workloads) add(caller, { kind: 'service', service: context.names(target), evidence: by })
    }
  }
  return calls
}

/** Allowed is not called: only where a policy names one caller and one target is it taken for a call. */
const byPolicy = (policy: KubernetesObject, services: readonly string[], alone: boolean): SeenCall => {
  const evidence = `${objectText(policy)} lets it connect`
  const [only] = services
  return alone && only !== undefined && services.length === 1
    ? { kind: 'service', service: only, evidence }
    : { kind: 'ambiguous', address: objectText(policy), services, evidence, doubt: 'which allows it and says no more' }
}

type Pair = readonly [callers: readonly Workload[], targets: readonly Workload[]]

const pairsOf = (policy: KubernetesObject, index: KubernetesIndex): readonly Pair[] => {
  const own = readSelector(at(policy.body, 'spec', 'podSelector')) ?? everything
  if (isEmptySelector(own)) return []
  const guarded = index.selected(policy.namespace ?? '', own)
  if (guarded.length === 0) return []
  const peers = (direction: 'ingress' | 'egress', end: 'from' | 'to'): readonly (readonly Workload[])[] =>
    mapsAt(policy.body, 'spec', direction).flatMap(({ map }) =>
      mapsAt(map, end).map(({ map: peer }) => peerOf(peer, policy.namespace ?? '', index)),
    )
  return [
    ...peers('ingress', 'from').map((callers): Pair => [callers, guarded]),
    ...peers('egress', 'to').map((targets): Pair => [guarded, targets]),
  ].filter(([callers, targets]) => callers.length > 0 && targets.length > 0)
}

/** The workloads that a peer names by their labels; none where it names whole namespaces or addresses. */
const peerOf = (peer: Parameters<typeof at>[0], namespace: string, index: KubernetesIndex): readonly Workload[] => {
  const pods = readSelector(at(peer, 'podSelector'))
  if (pods === null || isEmptySelector(pods)) return []
  const namespaces = at(peer, 'namespaceSelector')
  if (!isMap(namespaces)) return index.selected(namespace, pods)
  const selector = readSelector(namespaces) ?? everything
  return namespacesOf(selector, index).flatMap((one) => index.selected(one, pods))
}

const nameLabel = 'kubernetes.io/metadata.name'

const namespacesOf = (selector: Selector, index: KubernetesIndex): readonly string[] => {
  const named = selector.labels[nameLabel]
  if (named !== undefined) return [named]
  return index
    .all('Namespace')
    .filter(({ labels, name }) => selects(selector, { [nameLabel]: name, ...labels }))
    .map(({ name }) => name)
}
