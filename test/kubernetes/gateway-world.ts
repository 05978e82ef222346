import { vi } from 'vitest'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { GatewayOptions, GatewayProvider } from '../../src/providers/kubernetes/gateway/connect-gateway.ts'
import { type HttpRoute, httpRoutes, type RouteRule } from '../../src/providers/kubernetes/gateway/http-route.ts'
import { clusterGiven, makeNamespace, okOf, soon } from './clusters.ts'
import { connectRouter } from './connect-router.ts'
import { connectTo } from './connect-to.ts'
import { deploymentOf, serviceOf } from './contract-world.ts'
import { type Reaction, type SimulatedGateway, startGateway } from './simulated-gateway.ts'

export const within = { timeout: 60_000, interval: 50 }

/** A namespace with services on both sides, a gateway, and Titrate's provider. Each has connections of its own. */
export type GatewayWorld = {
  readonly namespace: string
  readonly cluster: Cluster
  readonly gateway: SimulatedGateway
  readonly provider: GatewayProvider
  route(name: string): Promise<HttpRoute>
  /** As somebody else: a person, or what manages the route. */
  changeRules(name: string, change: (rules: readonly RouteRule[]) => readonly RouteRule[]): Promise<void>
  makeRoute(name: string, rules: readonly RouteRule[]): Promise<void>
  makeService(name: string, replicas: number): Promise<void>
  scale(name: string, replicas: number): Promise<void>
  close(): Promise<void>
}

export const openGatewayWorld = async (
  reaction: Reaction,
  more: (namespace: string) => Partial<GatewayOptions> = () => ({}),
): Promise<GatewayWorld> => {
  const [cluster, own] = await Promise.all([connectTo(clusterGiven('blue')), connectTo(clusterGiven('blue'))])
  const namespace = await makeNamespace(cluster, 'gateway')
  const gateway = startGateway(cluster, namespace, reaction)
  const provider = connectRouter(own, namespace, {
    blue: {
      namespaces: [namespace],
      serviceAt: async ({ name }) => ({ kind: 'ok', value: name }),
      isGreen: ({ app = '' }) => app.endsWith('-green'),
    },
    ...more(namespace),
  })
  const write = () => ({ signal: soon() })
  const route = async (name: string): Promise<HttpRoute> => {
    const found = await okOf(cluster.client.get(httpRoutes, { namespace, name }, write()))
    if (found === null) throw new Error(`there is no route ${name}`)
    return found
  }
  return {
    namespace,
    cluster,
    gateway,
    provider,
    route,
    changeRules: async (name, change) => {
      const body = { spec: { rules: change((await route(name)).spec?.rules ?? []) } }
      await okOf(cluster.client.patch(httpRoutes, { namespace, name }, { kind: 'merge', body }, write()))
    },
    makeRoute: async (name, rules) => {
      const object = {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'HTTPRoute',
        metadata: { namespace, name },
        spec: { parentRefs: [{ name: 'edge' }], hostnames: ['shop.example'], rules },
      }
      await okOf(cluster.client.create(httpRoutes, object, write()))
    },
    makeService: async (name, replicas) => {
      await okOf(cluster.client.create(kinds.services, serviceOf(namespace, name), write()))
      await okOf(cluster.client.create(kinds.deployments, deploymentOf(namespace, name, replicas), write()))
    },
    scale: async (name, replicas) => {
      const patch = { kind: 'merge', body: { spec: { replicas } } } as const
      await okOf(cluster.client.patch(kinds.deployments, { namespace, name }, patch, write()))
    },
    close: async () => {
      provider.end()
      gateway.close()
      await cluster.client.remove(kinds.namespaces, { name: namespace }, write())
      await Promise.all([cluster.close(), own.close()])
    },
  }
}

/** Waits until a service's sides are as ready as said. */
export const untilReady = async (
  { provider }: GatewayWorld,
  service: string,
  ready: { readonly blue: boolean; readonly green: boolean },
): Promise<void> => {
  await vi.waitFor(async () => {
    const seen = await okOf(provider.traffic.read(service, soon()))
    if (seen.ready.blue !== ready.blue || seen.ready.green !== ready.green)
      throw new Error(`${service} is ${JSON.stringify(seen.ready)}, not ${JSON.stringify(ready)}`)
  }, within)
}
