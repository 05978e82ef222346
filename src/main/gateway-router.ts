import type { GatewaySetting } from '../config/environment-settings.ts'
import type { Metrics } from '../engine/ports.ts'
import { connectGateway, type GatewayProvider } from '../providers/kubernetes/gateway/connect-gateway.ts'
import type { GreenBackend } from '../providers/kubernetes/gateway/green-backend.ts'
import { metricsSight } from '../providers/kubernetes/gateway/metrics-sight.ts'
import type { Sight } from '../providers/kubernetes/gateway/shift-progress.ts'
import type { ClusterPair } from './cluster-pair.ts'

const elapsed = (): number => performance.now()

/** The HTTPRoutes of blue's cluster as what divides users. Asks nothing yet. */
export const connectGatewayRouter = (
  setting: GatewaySetting,
  pair: ClusterPair,
  metrics: () => Metrics | null,
): GatewayProvider => {
  const { clusters, namespaces, names, places, split } = pair
  const isOne = clusters.blue === clusters.green
  const isFollowed = !isOne && setting.backend === 'service'
  return connectGateway({
    cluster: clusters.blue,
    routes: setting.namespaces ?? namespaces.blue,
    blue: {
      namespaces: namespaces.blue,
      serviceAt: places.blue.serviceAt,
      isGreen: (labels) => split !== null && labels[split.label] === split.value,
    },
    green: backendOf(setting, pair, isOne),
    named: setting.names,
    test: { ...setting.test, value: 'green' },
    sight: lazySight(metrics),
    split,
    follow: isFollowed ? { cluster: clusters.green, namespaces: names.namespaces } : null,
    elapsed,
  })
}

/** In a cluster of its own green's backend needs a name of its own beside blue's; in a namespace of its own it has blue's. */
const backendOf = (setting: GatewaySetting, { names, split }: ClusterPair, isOne: boolean): GreenBackend => {
  if (setting.backend === 'import') return { kind: 'import', suffix: setting.suffix ?? '' }
  if (!isOne) return { kind: 'service', suffix: setting.suffix ?? betweenClusters }
  if (split !== null) return { kind: 'service', suffix: setting.suffix ?? names.suffix }
  return { kind: 'namespace', namespaces: Object.fromEntries(names.namespaces), suffix: setting.suffix ?? '' }
}

const betweenClusters = '-green'

/** Metrics are connected to after the router, which may have some of its own. */
const lazySight = (metrics: () => Metrics | null): Sight => {
  let made: Sight | null = null
  return {
    name: 'metrics',
    counts: async (signal) => {
      const known = metrics()
      if (known === null) return { kind: 'refused', because: 'no metrics are read' }
      made ??= metricsSight(known, elapsed)
      return made.counts(signal)
    },
  }
}
