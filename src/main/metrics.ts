import type { ResolvedRelease } from '../config/release.ts'
import type { Metrics } from '../engine/ports.ts'
import { environmentOf, environmentStatus } from '../providers/local/supervisor-control.ts'
import { connectRouter } from '../providers/proxy/router-client.ts'
import { createScraper } from '../providers/scrape/create-scraper.ts'
import { systemClock } from './clock.ts'

type Source = { readonly name: string; readonly url: string }

/** What a running supervisor says of its metrics; none when it doesn't run, which the checks say. */
const supervisorSource = async (side: string, file: string): Promise<readonly Source[]> => {
  try {
    const { metrics } = await environmentStatus(file)
    return [{ name: side, url: metrics.startsWith('http') ? metrics : `http://${metrics}/metrics` }]
  } catch {
    return []
  }
}

const routerSource = (file: string | null): readonly Source[] => {
  if (file === null) return []
  const router = connectRouter(file)
  const url = router.metricsAddress()
  router.close()
  return url === null ? [] : [{ name: 'router', url }]
}

/** The release's own addresses, or else the router's and both supervisors'; null: there is nothing to read. */
export const metricsOf = async (release: ResolvedRelease): Promise<Metrics | null> => {
  const { addresses, names } = release.metrics
  const sources =
    addresses === null
      ? [
          ...routerSource(release.router),
          ...(
            await Promise.all([supervisorSource('blue', release.blue), supervisorSource('green', release.green)])
          ).flat(),
        ]
      : addresses.map((url, index) => ({ name: `metrics-${index + 1}`, url }))
  if (sources.length === 0) return null
  const sides = { blue: environmentOf(release.blue).name, green: environmentOf(release.green).name }
  return createScraper({ sources, names, sides, clock: systemClock })
}
