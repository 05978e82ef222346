import { createHash } from 'node:crypto'
import type { PodSpec } from 'kubernetes-types/core/v1.js'
import type { ProbeSetting } from '../config/release.ts'
import type { Answer } from '../engine/ports.ts'
import type { Work } from '../engine/runner.ts'
import type { ProbeTarget } from '../plan/plan.ts'
import type { Found, ProbeDefinition } from '../providers/checks/context.ts'
import { kinds } from '../providers/kubernetes/client/kinds.ts'
import type { GatewayProvider } from '../providers/kubernetes/gateway/connect-gateway.ts'
import type { ProbeAddress } from '../providers/kubernetes/probe/probe-script.ts'
import { runProbe } from '../providers/kubernetes/probe/run-probe.ts'
import { tellProbe } from '../providers/kubernetes/probe/tell-probe.ts'
import { selects } from '../providers/kubernetes/selects.ts'
import type { ServicePlace } from '../providers/kubernetes/service-places.ts'
import type { ClusterPair } from './cluster-pair.ts'

/** A target is tried again for so long: what has just been started, or changed in a firewall, takes a moment. */
const againSeconds = 30

type Around = { readonly pair: ClusterPair; readonly gateway: GatewayProvider | null; readonly setting: ProbeSetting }

/** Runs a probe of one service where its definition says. */
export const probeOnCluster = async (
  around: Around,
  service: string,
  definition: ProbeDefinition,
  work: Work,
  signal: AbortSignal,
): Promise<Found> => {
  const { pair, setting } = around
  const { from } = definition
  const place = await pair.places[from].of(service, signal)
  if (place.kind !== 'ok') return failed(place.because)
  const own = from === 'green' ? await workloadAt(pair, place.value, signal) : ({ kind: 'ok', value: null } as const)
  if (own.kind !== 'ok') return failed(own.because)
  const addresses = await addressesOf(around, definition, signal)
  if (addresses.kind !== 'ok') return failed(addresses.because)
  if (addresses.value.length === 0)
    return { passed: true, summary: 'not checked: there is nothing to connect to by an address', figures: {} }
  const { fence, intent } = work
  const hash = createHash('sha256').update(`${fence.release} ${fence.epoch} ${intent}`).digest('hex').slice(0, 10)
  const end = await runProbe(
    pair.clusters[from],
    setting,
    {
      name: `titrate-reach-${service.replaceAll(/[^a-z0-9-]/g, '-').slice(0, 30)}-${hash}`,
      namespace: place.value.namespace,
      service,
      targets: addresses.value,
      seconds: againSeconds,
      labels: pair.split === null || from === 'blue' ? {} : { [pair.split.label]: pair.split.value },
      pod: own.value,
    },
    signal,
  )
  const account = own.value?.serviceAccountName ?? 'default'
  const told = tellProbe(end, from === 'green' ? `green, as account ${account}` : `blue's cluster`)
  if (told.passed || from === 'green') return told
  const summary = `${told.summary}\nBlue's cluster does not reach green's pods, so no user is sent there. A router in front of both clusters would do (a load balancer or DNS with weights), or router.gateway.backend: import with a multi-cluster controller.`
  return { ...told, summary }
}

const failed = (because: string): Found => ({
  passed: false,
  summary: `the probe was not run: ${because}`,
  figures: {},
})

/** What decides as whom and where the service's pods run. */
const workloadAt = async (
  { clusters }: ClusterPair,
  { namespace, name }: ServicePlace,
  signal: AbortSignal,
): Promise<Answer<PodSpec | null>> => {
  const { watches } = clusters.green
  const [deployments, statefulSets, cronJobs] = await Promise.all([
    watches.of(kinds.deployments, { namespace }).ready(signal),
    watches.of(kinds.statefulSets, { namespace }).ready(signal),
    watches.of(kinds.cronJobs, { namespace }).ready(signal),
  ])
  if (deployments.kind !== 'ok') return deployments
  if (statefulSets.kind !== 'ok') return statefulSets
  if (cronJobs.kind !== 'ok') return cronJobs
  const place = { namespace, name }
  const template =
    deployments.value.get(place)?.spec?.template ??
    statefulSets.value.get(place)?.spec?.template ??
    cronJobs.value.get(place)?.spec?.jobTemplate.spec?.template
  return { kind: 'ok', value: template?.spec ?? null }
}

const addressesOf = async (
  { pair, gateway }: Around,
  { from, targets }: ProbeDefinition,
  signal: AbortSignal,
): Promise<Answer<readonly ProbeAddress[]>> => {
  const found: ProbeAddress[] = []
  for (const target of targets) {
    const addresses = await addressesOfTarget(target, from === 'blue' ? gateway : null, pair, signal)
    if (addresses.kind !== 'ok') return addresses
    found.push(...addresses.value)
  }
  return { kind: 'ok', value: found }
}

const addressesOfTarget = async (
  target: ProbeTarget,
  gateway: GatewayProvider | null,
  pair: ClusterPair,
  signal: AbortSignal,
): Promise<Answer<readonly ProbeAddress[]>> => {
  if (target.kind === 'host') return { kind: 'ok', value: [{ host: target.host, port: target.port }] }
  if (gateway !== null) return gateway.addressesOfGreen(target.service, signal)
  const place = await pair.places.green.of(target.service, signal)
  if (place.kind !== 'ok') return place
  const { namespace } = place.value
  const { watches } = pair.clusters.green
  const [services, deployments, statefulSets] = await Promise.all([
    watches.of(kinds.services, { namespace }).ready(signal),
    watches.of(kinds.deployments, { namespace }).ready(signal),
    watches.of(kinds.statefulSets, { namespace }).ready(signal),
  ])
  if (services.kind !== 'ok') return services
  if (deployments.kind !== 'ok') return deployments
  if (statefulSets.kind !== 'ok') return statefulSets
  const workload = deployments.value.get(place.value) ?? statefulSets.value.get(place.value)
  const labels = workload?.spec?.template.metadata?.labels
  const behind = services.value.list({ namespace }).filter(({ spec }) => selects(spec?.selector, labels))
  const addresses = behind.map(({ metadata, spec }) => ({
    host: `${metadata?.name ?? ''}.${namespace}.svc`,
    port: spec?.ports?.[0]?.port ?? null,
  }))
  return { kind: 'ok', value: addresses }
}
