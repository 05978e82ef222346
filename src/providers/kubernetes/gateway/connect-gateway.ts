import type { Answer, Call, Claims, Traffic } from '../../../engine/ports.ts'
import type { Millis } from '../../../moves/goal.ts'
import { annotation } from '../annotations.ts'
import { claimsOf } from '../claims.ts'
import { takeAnnotationsOff } from '../clear-away.ts'
import type { Cluster } from '../client/connect.ts'
import { examineRoutes, type RouteFinding } from './examine-routes.ts'
import { type BlueServices, findBackends } from './find-backends.ts'
import { followGreen } from './follow-green.ts'
import { gatewayTraffic } from './gateway-traffic.ts'
import { type GreenBackend, greenOf } from './green-backend.ts'
import { httpRoutes } from './http-route.ts'
import { type Looked, lookRoutes } from './look-routes.ts'
import { followShifts, type Sight } from './shift-progress.ts'
import { createTestRoutes, type TestMark } from './test-routes.ts'

/** User traffic by the HTTPRoutes of a cluster. */
export type GatewayProvider = {
  readonly claims: Claims
  readonly traffic: Traffic
  /** Users go through blue's cluster to green's pods in another one. */
  readonly crossesClusters: boolean
  /** Makes the way to green that testers and probes use, before users do; ok also where no route leads users to the service. It is an act like another: its call has a fence, and it may be repeated. */
  open(call: Call, service: string): Promise<Answer<null>>
  /** Takes it away, but for what users still need. */
  close(call: Call, service: string): Promise<Answer<null>>
  /** Before a release: what stands in the way of these services' users. `copied`: those that green doesn't have yet, and gets with their Services. */
  examine(
    services: readonly string[],
    copied: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<readonly RouteFinding[]>
  /** Where blue's cluster reaches green's copy; empty: no route leads users to the service. */
  addressesOfGreen(service: string, signal: AbortSignal): Promise<Answer<readonly BackendAddress[]>>
  /** Ends what it listens to; the cluster's connection is the caller's. */
  end(): void
}

export type GatewayOptions = {
  /** Blue's cluster. */
  readonly cluster: Cluster
  /** Where HTTPRoutes are looked for; the claim is kept in the first. */
  readonly routes: readonly string[]
  readonly blue: Pick<BlueServices, 'namespaces' | 'serviceAt' | 'isGreen'>
  readonly green: GreenBackend
  /** Names on green that don't follow the rule, by blue's Service. */
  readonly named: Readonly<Record<string, string>>
  readonly test: TestMark
  readonly sight: Sight | null
  /** The label of green's pods in namespaces that both sides share. */
  readonly split: { readonly label: string; readonly value: string } | null
  /** Where green is, in another cluster, and its namespaces by blue's; null: green's backends are there without us. */
  readonly follow: { readonly cluster: Cluster; readonly namespaces: ReadonlyMap<string, string> } | null
  /** Monotonic. */
  readonly elapsed: () => Millis
}

export type BackendAddress = { readonly host: string; readonly port: number | null }

const tidyLimitMs: Millis = 60_000

export const connectGateway = (options: GatewayOptions): GatewayProvider => {
  const { cluster, routes, blue, green } = options
  const life = new AbortController()
  const [first = 'default'] = routes
  const title = `gateway ${cluster.name}/${routes.join(',')}`
  const claims = claimsOf({ cluster, namespace: first }, () => tidy(), { name: 'titrate-router-claim', title })
  const backends = findBackends({ ...blue, cluster, green: greenOf(green, options.named) }, life.signal)
  const onGreen = green.kind === 'namespace' ? Object.values(green.namespaces) : []
  const backendNamespaces = [...new Set([...blue.namespaces, ...onGreen])]
  const look = lookRoutes({ cluster, namespaces: routes, backendNamespaces, backends, claims }, life.signal)
  const tests = createTestRoutes({ cluster, namespaces: routes, claims, look, mark: options.test })
  const progress = followShifts({ sight: options.sight, elapsed: options.elapsed, now: cluster.now })
  const follower =
    options.follow === null
      ? null
      : followGreen(
          { blue: cluster, green: options.follow.cluster, namespaces: options.follow.namespaces, look, claims },
          life.signal,
        )
  /** Records no longer count once the claim is given free; one that can't be taken off stays, and does no harm. */
  const tidy = async (): Promise<void> => {
    const signal = AbortSignal.timeout(tidyLimitMs)
    await tests.closeAll(signal)
    await takeAnnotationsOff({ cluster, resource: httpRoutes, namespaces: routes }, [annotation.traffic], signal)
    await follower?.tidy(null, signal)
  }
  return {
    crossesClusters: follower !== null || green.kind === 'import',
    claims: {
      ...claims,
      claim: async (release, epoch, signal) => {
        const claimed = await claims.claim(release, epoch, signal)
        // From here on this process is who sees to the release.
        if (claimed.kind === 'ok') follower?.start()
        return claimed
      },
    },
    traffic: gatewayTraffic({ cluster, namespaces: routes, backendNamespaces, claims, look, progress, tests }),
    open: async (call, service) => {
      const routed = await look.one(service, call.signal)
      if (routed.kind !== 'ok') return routed.kind === 'refused' ? { kind: 'ok', value: null } : routed
      const opened = await follower?.open(call, service)
      return opened === undefined || opened.kind === 'ok' ? tests.open(call, service) : opened
    },
    close: async (call, service) => {
      const closed = await tests.close(call, service)
      return closed.kind === 'ok' && follower !== null ? follower.tidy(service, call.signal) : closed
    },
    examine: (services, copied, signal) =>
      examineRoutes({ cluster, look, follow: options.follow, split: options.split, copied }, services, signal),
    addressesOfGreen: async (service, signal) => {
      const looked = await look.one(service, signal)
      if (looked.kind === 'refused') return { kind: 'ok', value: [] }
      return looked.kind === 'ok' ? { kind: 'ok', value: addressesOf(looked.value) } : looked
    },
    end: () => life.abort(),
  }
}

/** By the names that cluster DNS gives to Services, and to what is imported. */
const addressesOf = ({ backends, routes }: Looked): readonly BackendAddress[] =>
  backends.blue.map((blue) => {
    const { kind, namespace, name } = backends.green(blue)
    const refs = routes.flatMap(({ route }) => (route.spec?.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs))
    const port = refs.find((ref) => ref.name === blue.name)?.port ?? null
    return { host: `${name}.${namespace}.svc${kind === 'Service' ? '' : '.clusterset.local'}`, port }
  })
