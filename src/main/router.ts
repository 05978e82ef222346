import type { RouterSetting } from '../config/environment-settings.ts'
import type { Claims, Metrics, Traffic } from '../engine/ports.ts'
import { bug } from '../errors.ts'
import type { GatewayProvider } from '../providers/kubernetes/gateway/connect-gateway.ts'
import { connectRouter } from '../providers/proxy/router-client.ts'
import type { ClusterPair } from './cluster-pair.ts'

/** What divides user traffic, as the rest of a release sees it. */
export type ReleaseRouter = {
  readonly claims: Claims
  readonly traffic: Traffic
  /** Where its own figures are read; null: it has none, or doesn't run. */
  readonly metricsAddress: () => string | null
  /** A router of a cluster; null: it stands for itself. */
  readonly gateway: GatewayProvider | null
  close(): void
}

/** What a router of a cluster is made of. */
export type AroundRouter = {
  readonly pair: ClusterPair | null
  /** The figures by which a shift is seen, once there are any. */
  readonly metrics: () => Metrics | null
}

/** The one place where a kind of router is connected to; each is loaded when a release names it. */
export const connectReleaseRouter = async (
  setting: RouterSetting | null,
  { pair, metrics }: AroundRouter,
): Promise<ReleaseRouter | null> => {
  if (setting === null) return null
  switch (setting.kind) {
    case 'local':
      return { ...connectRouter(setting.file), gateway: null }
    case 'gateway': {
      if (pair === null) throw bug('a gateway of a release between processes')
      const gateway = (await import('./gateway-router.ts')).connectGatewayRouter(setting, pair, metrics)
      const { claims, traffic } = gateway
      return { claims, traffic, metricsAddress: () => null, gateway, close: gateway.end }
    }
    default:
      return setting satisfies never
  }
}
