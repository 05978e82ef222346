import { contentOf, environmentOf } from '../../kubernetes/environment.ts'
import { hostsIn } from '../../kubernetes/hosts.ts'
import type { KubernetesIndex } from '../../kubernetes/index-objects.ts'
import { mapsAt, textAt, textsAt } from '../../kubernetes/json.ts'
import type { KubernetesObject } from '../../kubernetes/object.ts'
import type { Workload } from '../../kubernetes/workload.ts'
import { type Address, addressesIn, isLoopback, textOf } from '../addresses.ts'
import type { SeenCall } from '../estate.ts'
import { byText } from '../ordering.ts'
import type { Names } from './names.ts'
import { insideHost, type Network, type ServiceSeen } from './network.ts'

export type CallContext = { readonly index: KubernetesIndex; readonly network: Network; readonly names: Names }

type Written = {
  readonly address: Address
  readonly evidence: string
  /** It counts only if it is the address of a Service that is known: in free text, `word:80` is often none. */
  readonly onlyKnown: boolean
}

/** Whom a workload calls, by what it is given: variables, command lines, mounted files. */
export const callsOf = (workload: Workload, context: CallContext): readonly SeenCall[] => {
  const calls = new Map<string, SeenCall>()
  for (const { address, evidence, onlyKnown } of [
    ...inVariables(workload, context),
    ...inCommands(workload),
    ...inFiles(workload, context),
  ]) {
    if (isLoopback(address.host)) continue
    const call = resolve(address, evidence, workload, context)
    if (onlyKnown && call.kind === 'outside') continue
    const key = call.kind === 'service' ? call.service : `${call.kind} ${textOf(address)}`
    if (!calls.has(key)) calls.set(key, call)
  }
  return [...calls.values()]
}

const inVariables = (workload: Workload, { index }: CallContext): readonly Written[] =>
  workload.containers.flatMap((container) =>
    [...environmentOf(workload, container, index).values()]
      .toSorted((a, b) => byText(a.name, b.name))
      .flatMap((variable) =>
        hostsIn(variable).map((address) => ({
          address,
          evidence: `its variable ${variable.name}${variable.from === null ? '' : ` (${variable.from})`} names ${textOf(address)}`,
          onlyKnown: false,
        })),
      ),
  )

const inCommands = ({ containers }: Workload): readonly Written[] =>
  containers.flatMap(({ body }) =>
    [...textsAt(body, 'command'), ...textsAt(body, 'args')].flatMap((argument) =>
      addressesIn(argument).map((address) => ({
        address,
        evidence: `its command line names ${textOf(address)}`,
        onlyKnown: false,
      })),
    ),
  )

/** ConfigMaps and Secrets that a pod mounts. */
export const mountedBy = ({ pod, namespace }: Workload, index: KubernetesIndex): readonly KubernetesObject[] => {
  const get = (sort: 'ConfigMap' | 'Secret', name: string | null): readonly KubernetesObject[] => {
    const found = name === null ? null : index.get(sort, namespace, name)
    return found === null ? [] : [found]
  }
  return mapsAt(pod, 'volumes').flatMap(({ map }) => [
    ...get('ConfigMap', textAt(map, 'configMap', 'name')),
    ...get('Secret', textAt(map, 'secret', 'secretName')),
    ...mapsAt(map, 'projected', 'sources').flatMap(({ map: source }) => [
      ...get('ConfigMap', textAt(source, 'configMap', 'name')),
      ...get('Secret', textAt(source, 'secret', 'name')),
    ]),
  ])
}

const longestFile = 262_144
const files = new WeakMap<KubernetesObject, readonly Written[]>()

const inFiles = (workload: Workload, { index }: CallContext): readonly Written[] =>
  mountedBy(workload, index).flatMap((object) => {
    const known = files.get(object) ?? inContent(object)
    files.set(object, known)
    return known
  })

const inContent = (object: KubernetesObject): readonly Written[] =>
  [...contentOf(object)].flatMap(([key, text]) => {
    const evidence = (address: Address): string =>
      `its file ${key} (${object.kind} ${object.name}) names ${textOf(address)}`
    const secret = object.sort === 'Secret'
    return text
      .slice(0, longestFile)
      .split('\n')
      .flatMap((line) => (secret ? hostsIn({ name: key, kind: 'secret', value: line }) : addressesIn(line)))
      .map((address) => ({ address, evidence: evidence(address), onlyKnown: address.scheme === null }))
  })

// ── Looking addresses up ──────────────────────────────────────────────────────

const resolve = (address: Address, evidence: string, caller: Workload, context: CallContext): SeenCall => {
  const { network, names } = context
  const outside: SeenCall = { kind: 'outside', host: address.host, port: address.port, evidence }
  const service = serviceAt(address.host, caller.namespace, network)
  if (service !== null) return throughService(service, address, evidence, context, 0)
  const published = network.publicHosts.get(address.host)
  if (published !== undefined) {
    const behind = namesOf(
      [...published].flatMap(({ workloads }) => workloads),
      names,
    )
    return (
      toOneOf(behind, address, `${evidence}, where users come in`, 'and which of these answers depends on the path') ??
      outside
    )
  }
  const [label = '', ...rest] = address.host.split('.')
  const like = rest.length === 0 || insideHost(address.host) !== null ? null : network.service(caller.namespace, label)
  if (like === null || like.workloads.length === 0) return outside
  return {
    kind: 'ambiguous',
    address: textOf(address),
    services: namesOf(like.workloads, names),
    evidence,
    doubt: 'which could be outside as well',
  }
}

/** The Service that a host means, as a pod of a namespace resolves it. */
const serviceAt = (host: string, namespace: string, network: Network): ServiceSeen | null => {
  const inside = insideHost(host)
  if (inside !== null) return network.service(inside.namespace, inside.name)
  const [first = '', second, ...rest] = host.split('.')
  if (second === undefined) return network.service(namespace, first)
  if (rest.length > 0) return null
  // `web.shop` is a Service of another namespace, `web-0.web` a pod of a headless one.
  const headless = network.service(namespace, second)
  return network.service(second, first) ?? (headless !== null && /-\d+$/.test(first) ? headless : null)
}

const deepest = 5

const throughService = (
  service: ServiceSeen,
  address: Address,
  evidence: string,
  context: CallContext,
  depth: number,
): SeenCall => {
  const { alias, workloads, namespace, name } = service
  const outside = (host: string, why: string): SeenCall => ({
    kind: 'outside',
    host,
    port: address.port,
    evidence: `${evidence}${why}`,
  })
  if (alias !== null) {
    const next = depth < deepest ? serviceAt(alias, namespace, context.network) : null
    const by = `${evidence}, and Service ${name} stands for ${alias}`
    return next === null
      ? outside(alias, `, and Service ${name} stands for it`)
      : throughService(next, address, by, context, depth + 1)
  }
  const behind = namesOf(workloads, context.names)
  return (
    toOneOf(behind, address, evidence, `and Service ${name} leads to all of these`) ??
    outside(address.host, `, a Service with no pods that are known`)
  )
}

const namesOf = (workloads: readonly Workload[], names: Names): readonly string[] =>
  [...new Set(workloads.map(names))].sort(byText)

const toOneOf = (services: readonly string[], address: Address, evidence: string, doubt: string): SeenCall | null => {
  const [only] = services
  if (only === undefined) return null
  if (services.length === 1) return { kind: 'service', service: only, evidence }
  return { kind: 'ambiguous', address: textOf(address), services, evidence, doubt }
}
