import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { Answer } from '../../../engine/ports.ts'
import type { Cluster } from '../client/connect.ts'
import { kinds } from '../client/kinds.ts'
import { describeObject, type KubernetesObject, type ObjectPlace, placeOf, type Resource } from '../client/resource.ts'
import { selects } from '../selects.ts'
import { acceptanceOf } from './acceptance.ts'
import { type BackendId, describeBackend } from './backend.ts'
import { importGroup } from './green-backend.ts'
import { type HttpRoute, httpRoutes } from './http-route.ts'
import type { Looked, RouteLook } from './look-routes.ts'

/** What stands in the way of a service's users, or what people should know, before anything moves. */
export type RouteFinding = {
  readonly severity: 'blocks' | 'note'
  readonly service: string
  readonly message: string
}

type Options = {
  readonly cluster: Cluster
  readonly look: RouteLook
  /** Where green is, in another cluster, and its namespaces by blue's; null: its backends are there without us. */
  readonly follow: { readonly cluster: Cluster; readonly namespaces: ReadonlyMap<string, string> } | null
  /** The label by which green's pods are told apart in namespaces that both sides share; null: they share none. */
  readonly split: { readonly label: string; readonly value: string } | null
  /** Services that green doesn't have yet: a release copies them there with their Services, under the same names. */
  readonly copied: ReadonlySet<string>
}

type ReferenceGrant = KubernetesObject & {
  readonly spec?: {
    readonly from?: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[]
    readonly to?: readonly { readonly group: string; readonly kind: string; readonly name?: string }[]
  }
}

const grants: Resource<ReferenceGrant> = {
  ...{ group: 'gateway.networking.k8s.io', version: 'v1beta1', namespaced: true },
  ...{ plural: 'referencegrants', kind: 'ReferenceGrant' },
}
const imports: Resource = {
  ...{ group: importGroup, version: 'v1alpha1', namespaced: true },
  ...{ plural: 'serviceimports', kind: 'ServiceImport' },
}

const onlyWhileRunning =
  "Blue's cluster follows green's pods only while an engine of this release runs. Lead users to green another way (DNS, a load balancer, a ServiceImport) before the last one ends."

/** Looks at the routes of services before a release. Changes nothing. Services without a route are left out. */
export const examineRoutes = async (
  options: Options,
  services: readonly string[],
  signal: AbortSignal,
): Promise<readonly RouteFinding[]> => {
  const findings: RouteFinding[] = []
  for (const service of services) {
    const looked = await options.look.one(service, signal)
    if (looked.kind !== 'ok') continue
    const { routes, backends } = looked.value
    const said = (severity: RouteFinding['severity'], messages: readonly string[]): void =>
      void findings.push(...messages.map((message) => ({ severity, service, message })))
    for (const id of backends.blue) {
      const green = backends.green(id)
      if (!isCopied(options, service, id, green)) said('blocks', await missingBackend(options, id, green, signal))
      for (const { route } of routes) said('blocks', await missingGrant(options, route, green, signal))
      said('blocks', await leaks(options, looked.value, id, signal))
    }
    for (const { route } of routes) said('note', [...unaccepted(route), ...reverted(route)])
  }
  const [first] = services
  if (first === undefined || options.follow === null) return findings
  return [...findings, { severity: 'note', service: first, message: onlyWhileRunning }]
}

/** Green's backend comes with the copy: that of a Service has its name, whatever leads to it from another cluster. */
const isCopied = ({ copied, follow }: Options, service: string, blue: BackendId, green: BackendId): boolean =>
  copied.has(service) && green.kind === 'Service' && (follow !== null || green.name === blue.name)

const missingBackend = async (
  { cluster, follow }: Options,
  blue: BackendId,
  green: BackendId,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const { namespace, name } = green
  if (green.kind !== 'Service') {
    const read = await there(cluster, imports, { namespace, name }, signal)
    if (read.kind === 'ok' && read.value) return []
    const why = read.kind === 'ok' ? 'it is not there' : read.because
    return [
      `Users can't be led to green: ${describeBackend(green)} on ${cluster.name}: ${sentence(why)} Export green's Service by the multi-cluster controller, or take "backend: import" out of the release file.`,
    ]
  }
  if (follow === null) {
    const read = await there(cluster, kinds.services, { namespace, name }, signal)
    if (read.kind === 'ok' && read.value) return []
    const why = read.kind === 'ok' ? 'it is not there' : read.because
    return [
      `Users can't be led to green: ${describeBackend(green)} on ${cluster.name}: ${sentence(why)} It selects green's pods, with the ports of ${describeBackend(blue)}; router.gateway.names says another name.`,
    ]
  }
  const source = { namespace: follow.namespaces.get(blue.namespace) ?? blue.namespace, name: blue.name }
  const read = await there(follow.cluster, kinds.services, source, signal)
  if (read.kind !== 'ok') return [`Users can't be led to green: ${sentence(read.because)}`]
  if (read.value) return []
  return [
    `Users can't be led to green: there is no ${describeObject(kinds.services, source)} on ${follow.cluster.name}, whose pods ${describeBackend(green)} on ${cluster.name} would lead to. Make it there.`,
  ]
}

/** By a watch: services are many, and their objects are in few namespaces. */
const there = async (
  cluster: Cluster,
  resource: Resource,
  place: ObjectPlace,
  signal: AbortSignal,
): Promise<Answer<boolean>> => {
  const reader = await cluster.watches.of(resource, { namespace: place.namespace ?? '' }).ready(signal)
  return reader.kind === 'ok' ? { kind: 'ok', value: reader.value.get(place) !== null } : reader
}

const sentence = (text: string): string => (/[.?!]$/.test(text) ? text : `${text}.`)

/** What is in another namespace has to let itself be referred to. */
const missingGrant = async (
  { cluster }: Options,
  route: HttpRoute,
  green: BackendId,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const { namespace = '' } = placeOf(route)
  if (green.namespace === namespace) return []
  const read = await cluster.watches.of(grants, { namespace: green.namespace }).ready(signal)
  if (read.kind !== 'ok') return []
  const permits = read.value
    .list({ namespace: green.namespace })
    .some(
      ({ spec }) =>
        spec?.from?.some((from) => from.kind === 'HTTPRoute' && from.namespace === namespace) === true &&
        spec.to?.some((to) => to.kind === green.kind && (to.name ?? green.name) === green.name) === true,
    )
  if (permits) return []
  return [
    `${describeObject(httpRoutes, placeOf(route))} may not send to ${describeBackend(green)}: a ReferenceGrant in namespace ${green.namespace} has to permit it (from HTTPRoute of ${namespace}, to ${green.kind} ${green.name}).`,
  ]
}

/** In a shared namespace, blue's Service may take green's pods too: then users reach them past the weights. */
const leaks = async (
  { cluster, split }: Options,
  { service }: Looked,
  { namespace, name }: BackendId,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  if (split === null) return []
  const [services, ...workloads] = await Promise.all([
    cluster.watches.of(kinds.services, { namespace }).ready(signal),
    cluster.watches.of(kinds.deployments, { namespace }).ready(signal),
    cluster.watches.of(kinds.statefulSets, { namespace }).ready(signal),
  ])
  if (services.kind !== 'ok') return []
  const selector = services.value.get({ namespace, name })?.spec?.selector
  const there = workloads.flatMap((reader): readonly (Deployment | StatefulSet)[] =>
    reader.kind === 'ok' ? reader.value.list({ namespace }) : [],
  )
  const taken = there.find(({ spec }) => {
    const labels = spec?.template.metadata?.labels ?? {}
    return labels[split.label] === split.value && selects(selector, labels)
  })
  if (taken === undefined) return []
  return [
    `Service ${namespace}/${name} takes the pods of ${placeOf(taken).name} too, so that users of ${service} would reach green past the weights. Give green's pods other labels than its selector (${JSON.stringify(selector)}).`,
  ]
}

const unaccepted = (route: HttpRoute): readonly string[] => {
  const acceptance = acceptanceOf(route)
  if (acceptance.kind === 'accepted') return []
  return [`${describeObject(httpRoutes, placeOf(route))} is not in force as it stands: ${sentence(acceptance.because)}`]
}

/** Who applies the route from Git takes the weights back, unless told not to. */
const reverted = (route: HttpRoute): readonly string[] => {
  const { labels = {}, annotations = {} } = route.metadata ?? {}
  const title = describeObject(httpRoutes, placeOf(route))
  const isOfArgo =
    annotations['argocd.argoproj.io/tracking-id'] !== undefined || labels['argocd.argoproj.io/instance'] !== undefined
  const isOfFlux = Object.keys(labels).some((key) => /^(kustomize|helm)\.toolkit\.fluxcd\.io\//.test(key))
  const argo =
    'Its Application needs ignoreDifferences { group: gateway.networking.k8s.io, kind: HTTPRoute, jsonPointers: [/spec/rules] } and the sync option RespectIgnoreDifferences=true.'
  const flux =
    'It needs the annotation kustomize.toolkit.fluxcd.io/reconcile: disabled for as long as the release runs.'
  return [
    ...(isOfArgo ? [`Argo CD would revert the weights of ${title}. ${argo}`] : []),
    ...(isOfFlux ? [`Flux would revert the weights of ${title}. ${flux}`] : []),
  ]
}
