import { describeEnvironment, type EnvironmentSetting } from '../config/environment-settings.ts'
import type { ResolvedRelease } from '../config/release.ts'
import type { Metrics } from '../engine/ports.ts'
import type { Side } from '../moves/goal.ts'
import { environmentOf, environmentStatus } from '../providers/local/supervisor-control.ts'
import { createScraper } from '../providers/scrape/create-scraper.ts'
import { systemClock } from './clock.ts'
import type { ReleaseRouter } from './router.ts'

type Source = { readonly name: string; readonly url: string }

/** What a running supervisor says of its metrics; none when it doesn't run, which the checks say, nor on a cluster. */
const supervisorSource = async (side: string, setting: EnvironmentSetting): Promise<readonly Source[]> => {
  if (setting.kind !== 'local') return []
  try {
    const { metrics } = await environmentStatus(setting.file)
    return [{ name: side, url: metrics.startsWith('http') ? metrics : `http://${metrics}/metrics` }]
  } catch {
    return []
  }
}

const routerSource = (router: ReleaseRouter | null): readonly Source[] => {
  const url = router?.metricsAddress() ?? null
  return url === null ? [] : [{ name: 'router', url }]
}

const nameOf = (setting: EnvironmentSetting): string =>
  setting.kind === 'local' ? environmentOf(setting.file).name : describeEnvironment(setting)

type Around = {
  readonly router: ReleaseRouter | null
  /** What clusters call their sides; null: they are local environments, whose files have names. */
  readonly titles: Readonly<Record<Side, string>> | null
}

/** The release's own addresses, or else the router's and both supervisors'; null: there is nothing to read. */
export const metricsOf = async (release: ResolvedRelease, { router, titles }: Around): Promise<Metrics | null> => {
  const { addresses, names } = release.metrics
  const sources =
    addresses === null
      ? [
          ...routerSource(router),
          ...(
            await Promise.all([supervisorSource('blue', release.blue), supervisorSource('green', release.green)])
          ).flat(),
        ]
      : addresses.map((url, index) => ({ name: `metrics-${index + 1}`, url }))
  if (sources.length === 0) return null
  const sides = titles ?? { blue: nameOf(release.blue), green: nameOf(release.green) }
  return createScraper({ sources, names, sides, clock: systemClock })
}
