import type { Answer, Call, Claims, Traffic } from '../../../engine/ports.ts'
import type { Millis } from '../../../moves/goal.ts'
import { annotation } from '../annotations.ts'
import { claimsOf } from '../claims.ts'
import type { Cluster } from '../client/connect.ts'
import { placeOf } from '../client/resource.ts'
import { type BlueServices, findBackends } from './find-backends.ts'
import { gatewayTraffic } from './gateway-traffic.ts'
import { type GreenBackend, greenOf } from './green-backend.ts'
import { httpRoutes } from './http-route.ts'
import { lookRoutes } from './look-routes.ts'
import { followShifts, type Sight } from './shift-progress.ts'
import { createTestRoutes, type TestMark } from './test-routes.ts'

/** User traffic by the HTTPRoutes of a cluster. */
export type GatewayProvider = {
  readonly claims: Claims
  readonly traffic: Traffic
  /** Lets testers reach green. It is an act like another: its call has a fence, and it may be repeated. */
  openTestRoute(call: Call, service: string): Promise<Answer<null>>
  closeTestRoute(call: Call, service: string): Promise<Answer<null>>
  /** Ends what it listens to; the cluster's connection is the caller's. */
  close(): void
}

export type GatewayOptions = {
  /** Blue's cluster. */
  readonly cluster: Cluster
  /** Where HTTPRoutes are looked for; the claim is kept in the first. */
  readonly routes: readonly string[]
  readonly blue: Pick<BlueServices, 'namespaces' | 'serviceOf' | 'isGreen'>
  readonly green: GreenBackend
  /** Names on green that don't follow the rule, by blue's Service. */
  readonly named: Readonly<Record<string, string>>
  readonly test: TestMark
  readonly sight: Sight | null
  /** Monotonic. */
  readonly elapsed: () => Millis
}

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
  /** Records no longer count once the claim is given free; one that can't be taken off stays, and does no harm. */
  const tidy = async (): Promise<void> => {
    const signal = AbortSignal.timeout(tidyLimitMs)
    await tests.closeAll(signal)
    await takeRecordsOff(cluster, routes, signal)
  }
  return {
    claims,
    traffic: gatewayTraffic({ cluster, namespaces: routes, backendNamespaces, claims, look, progress, tests }),
    openTestRoute: tests.open,
    closeTestRoute: tests.close,
    close: () => life.abort(),
  }
}

const takeRecordsOff = async (cluster: Cluster, namespaces: readonly string[], signal: AbortSignal): Promise<void> => {
  const body = { metadata: { annotations: { [annotation.traffic]: null } } }
  for (const namespace of namespaces) {
    const watch = cluster.watches.of(httpRoutes, { namespace })
    const reader = await watch.ready(signal)
    if (reader.kind !== 'ok') continue
    for (const route of reader.value.list({ namespace })) {
      if (route.metadata?.annotations?.[annotation.traffic] === undefined) continue
      const written = await cluster.client.patch(httpRoutes, placeOf(route), { kind: 'merge', body }, { signal })
      if (written.kind === 'ok') watch.note(written.value)
    }
  }
}
