import type { Millis } from '../../moves/goal.ts'
import { type Labels, labelsInText, type Source } from './exposition.ts'

/** What one replica answers on its metrics address, as a source; null: not within the time. */
export const scrapeReplica = async (port: number, path: string, labels: Labels): Promise<Source | null> => {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(scrapeTimeoutMs) })
    if (!response.ok) {
      await response.body?.cancel()
      return null
    }
    return { text: await response.text(), labels }
  } catch {
    return null
  }
}

const scrapeTimeoutMs: Millis = 1_000

export type OwnMetric = {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  readonly samples: readonly { readonly labels: Labels; readonly value: number }[]
}

export const ownMetricsInText = (metrics: readonly OwnMetric[]): string =>
  metrics
    .flatMap((metric) => [
      `# HELP ${metric.name} ${metric.help}`,
      `# TYPE ${metric.name} ${metric.type}`,
      ...metric.samples.map(({ labels, value }) => `${metric.name}{${labelsInText(labels)}} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join('')
