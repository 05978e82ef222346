import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Answer } from '../../engine/ports.ts'
import { kinds } from './client/kinds.ts'
import { placeOf } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { type Found, type NamespaceView, podsOf } from './namespace-view.ts'
import { podFacts } from './pod-facts.ts'
import { selects } from './selects.ts'

type Where = Pick<KubernetesEnvironment, 'cluster' | 'namespace'>

/** The last lines of the newest pod; empty: there is none. */
export const newestLogs = async (
  { cluster }: Where,
  all: NamespaceView,
  workload: Found,
  lines: number,
  signal: AbortSignal,
): Promise<Answer<readonly string[]>> => {
  const newest = podsOf(all, workload)
    .toSorted((a, b) => createdAt(a).localeCompare(createdAt(b)))
    .at(-1)
  if (newest === undefined) return { kind: 'ok', value: [] }
  const container = newest.spec?.containers[0]?.name
  const read = await cluster.client.logs(placeOf(newest), lines, {
    signal,
    ...(container === undefined ? {} : { container }),
  })
  return read.kind === 'ok' ? { kind: 'ok', value: read.value ?? [] } : read
}

/** The base URL of a Service that selects its pods; null: there is none, or no pod is ready. */
export const addressOf = async (
  { cluster, namespace }: Where,
  all: NamespaceView,
  workload: Found,
  signal: AbortSignal,
): Promise<Answer<string | null>> => {
  const services = await cluster.watches.of(kinds.services, { namespace }).ready(signal)
  if (services.kind !== 'ok') return services
  const labels = workload.kind === 'cron job' ? undefined : workload.object.spec?.template.metadata?.labels
  const fits = services.value.list({ namespace }).find(({ spec }) => selects(spec?.selector, labels))
  const port = fits?.spec?.ports?.[0]?.port
  const isReady = podFacts(podsOf(all, workload)).ready > 0
  if (fits === undefined || port === undefined || !isReady) return { kind: 'ok', value: null }
  return { kind: 'ok', value: `http://${placeOf(fits).name}.${namespace}.svc:${port}` }
}

const createdAt = ({ metadata }: Pod): string => metadata?.creationTimestamp ?? ''
