import type { ResolvedRelease } from '../config/release.ts'
import type { World } from '../engine/engine.ts'
import type { Answer, Traffic } from '../engine/ports.ts'
import { bug } from '../errors.ts'
import { connectLocal } from '../providers/local/client.ts'
import type { ClusterPair } from './cluster-pair.ts'
import { metricsOf } from './metrics.ts'
import { connectReleaseRouter } from './router.ts'

/** The world of a release. `clusters`: both sides as clusters; null: they are local. */
export type ReleaseWorld = World & { readonly clusters: ClusterPair | null }

export type OpenWorld = { readonly world: ReleaseWorld; close(): Promise<void> }

/** Connects to both environments, the router and the metrics of a release. Starts nothing, and waits for nobody. */
export const connectWorld = async (release: ResolvedRelease): Promise<OpenWorld> => {
  const { sides, pair, close } = await connectSides(release)
  const router = await connectReleaseRouter(release.router)
  const world: ReleaseWorld = {
    sides,
    router: router === null ? null : { claims: router.claims, traffic: router.traffic },
    metrics: await metricsOf(release, { router, titles: pair?.title ?? null }),
    clusters: pair,
  }
  return {
    world,
    close: async () => {
      await close()
      router?.close()
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
