import type { ResolvedRelease } from '../config/release.ts'
import type { World } from '../engine/engine.ts'
import type { Answer, Metrics, Traffic } from '../engine/ports.ts'
import { bug } from '../errors.ts'
import type { GatewayProvider } from '../providers/kubernetes/gateway/connect-gateway.ts'
import { connectLocal } from '../providers/local/client.ts'
import type { ClusterPair } from './cluster-pair.ts'
import { metricsOf } from './metrics.ts'
import { connectReleaseRouter } from './router.ts'
import { withWayToGreen } from './way-to-green.ts'

/** The world of a release. `clusters`: both sides as clusters; null: they are local. */
export type ReleaseWorld = World & {
  readonly clusters: ClusterPair | null
  /** What divides users by objects of a cluster; null: something else does, or nothing. */
  readonly gateway: GatewayProvider | null
}

export type OpenWorld = { readonly world: ReleaseWorld; close(): Promise<void> }

/** Connects to both environments, the router and the metrics of a release. Starts nothing, and waits for nobody. */
export const connectWorld = async (release: ResolvedRelease): Promise<OpenWorld> => {
  const { sides, pair, close } = await connectSides(release)
  let metrics: Metrics | null = null
  const router = await connectReleaseRouter(release.router, { pair, metrics: () => metrics })
  metrics = await metricsOf(release, { router, titles: pair?.title ?? null })
  const gateway = router?.gateway ?? null
  const world: ReleaseWorld = {
    sides: gateway === null ? sides : { ...sides, green: withWayToGreen(sides.green, gateway) },
    router: router === null ? null : { claims: router.claims, traffic: router.traffic },
    metrics,
    clusters: pair,
    gateway,
  }
  return {
    world,
    close: async () => {
      router?.close()
      await close()
    },
  }
}

type Sides = {
  readonly sides: World['sides']
  readonly pair: ClusterPair | null
  readonly close: () => Promise<void>
}

/** What is needed for clusters is much to load, so only a release that names one does. */
const connectSides = async (release: ResolvedRelease): Promise<Sides> => {
  const { blue, green } = release
  if (blue.kind === 'kubernetes' && green.kind === 'kubernetes')
    return (await import('./kubernetes-world.ts')).connectClusters(release, { blue, green })
  if (blue.kind !== 'local' || green.kind !== 'local') throw bug('a release between a cluster and processes')
  const sides = {
    blue: connectLocal({ file: blue.file, side: 'blue' }),
    green: connectLocal({ file: green.file, side: 'green' }),
  }
  return {
    sides,
    pair: null,
    close: async () => {
      sides.blue.close()
      sides.green.close()
    },
  }
}

/** The clusters of a world that `connectWorld` made; null: it has none. */
export const clustersOf = (world: World): ClusterPair | null =>
  // Whoever made it, only `connectWorld` puts clusters into it.
  'clusters' in world ? (world as ReleaseWorld).clusters : null

/** The router of a cluster in a world that `connectWorld` made; null: it has none. */
export const gatewayOf = (world: World): GatewayProvider | null =>
  'gateway' in world ? (world as ReleaseWorld).gateway : null // as above

const noRouter = <T>(): Promise<Answer<T>> =>
  Promise.resolve({ kind: 'refused', because: 'the release file names no router, so there is no traffic to move' })

/** Stands where a release without a router would have one. */
export const noTraffic: Traffic = {
  supports: { testRoute: false, fences: false, probes: false },
  list: noRouter,
  read: noRouter,
  watch: () => undefined,
  setWeight: noRouter,
  testRoute: () => null,
}
