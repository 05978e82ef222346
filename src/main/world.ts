import type { ResolvedRelease } from '../config/release.ts'
import type { World } from '../engine/engine.ts'
import type { Answer, Traffic } from '../engine/ports.ts'
import { connectLocal } from '../providers/local/client.ts'
import { connectRouter } from '../providers/proxy/router-client.ts'
import { metricsOf } from './metrics.ts'

export type OpenWorld = { readonly world: World; close(): Promise<void> }

/** Connects to both environments, the router and the metrics of a release. Starts nothing, and waits for nobody. */
export const connectWorld = async (release: ResolvedRelease): Promise<OpenWorld> => {
  const blue = connectLocal({ file: release.blue, side: 'blue' })
  const green = connectLocal({ file: release.green, side: 'green' })
  const router = release.router === null ? null : connectRouter(release.router)
  const world: World = {
    sides: { blue, green },
    router: router === null ? null : { claims: router.claims, traffic: router.traffic },
    metrics: await metricsOf(release),
  }
  return {
    world,
    close: async () => {
      blue.close()
      green.close()
      router?.close()
    },
  }
}

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
