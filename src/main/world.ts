import type { EnvironmentSetting } from '../config/environment-settings.ts'
import type { ResolvedRelease } from '../config/release.ts'
import type { World } from '../engine/engine.ts'
import type { Answer, Traffic } from '../engine/ports.ts'
import { TitrateError } from '../errors.ts'
import type { Side } from '../moves/goal.ts'
import { connectLocal } from '../providers/local/client.ts'
import { metricsOf } from './metrics.ts'
import { connectReleaseRouter } from './router.ts'

export type OpenWorld = { readonly world: World; close(): Promise<void> }

/** Connects to both environments, the router and the metrics of a release. Starts nothing, and waits for nobody. */
export const connectWorld = async (release: ResolvedRelease): Promise<OpenWorld> => {
  const blue = connectSide(release.blue, 'blue')
  const green = connectSide(release.green, 'green')
  const router = await connectReleaseRouter(release.router)
  const world: World = {
    sides: { blue, green },
    router: router === null ? null : { claims: router.claims, traffic: router.traffic },
    metrics: await metricsOf(release, router),
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

const connectSide = (setting: EnvironmentSetting, side: Side) => {
  if (setting.kind === 'local') return connectLocal({ file: setting.file, side })
  throw new TitrateError('USAGE', `A release can't name a Kubernetes cluster yet (${side}: ${setting.context}).`)
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
