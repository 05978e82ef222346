import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Side } from '../../src/moves/goal.ts'
import type { SimulatedGateway } from './simulated-gateway.ts'

export type Users = {
  /** Where what they got is counted, as Prometheus reads it. */
  readonly metrics: string
  readonly counts: Readonly<Record<Side, { readonly requests: number; readonly failed: number }>>
  /** Requests that the gateway sent to nobody, since it sent the first to somebody. */
  readonly lost: () => number
  stop(): Promise<void>
}

const buckets = [0.05, 0.1, 0.5] as const

/**
 * Users of one service who come by the gateway all the time, and are counted by the side that answered: so many at once each
 * time.
 */
export const startUsers = async (
  gateway: SimulatedGateway,
  service: string,
  names: Readonly<Record<Side, string>>,
  { path = '/', atOnce = 3, everyMs = 20 } = {},
): Promise<Users> => {
  const counts = { blue: { requests: 0, failed: 0 }, green: { requests: 0, failed: 0 } }
  let lost = 0
  const ask = async (): Promise<void> => {
    const { status, backend } = await gateway.send(path, {})
    if (backend === null) {
      if (counts.blue.requests > 0) lost += 1
      return
    }
    const own = counts[backend.endsWith('-green') ? 'green' : 'blue']
    own.requests += 1
    if (status !== 200) own.failed += 1
  }
  const timer = setInterval(() => void Promise.all(Array.from({ length: atOnce }, ask)).catch(() => undefined), everyMs)
  const linesOf = (side: Side): readonly string[] => {
    const { requests, failed } = counts[side]
    const labels = `service="${service}",environment="${names[side]}"`
    const ok = requests - failed
    return [
      `titrate_requests_total{${labels},code="200"} ${ok}`,
      `titrate_requests_total{${labels},code="503"} ${failed}`,
      ...[...buckets, '+Inf'].map((le) => `titrate_request_duration_seconds_bucket{${labels},le="${le}"} ${requests}`),
      `titrate_request_duration_seconds_count{${labels}} ${requests}`,
      `titrate_request_duration_seconds_sum{${labels}} ${requests * 0.01}`,
    ]
  }
  const server = createServer(
    (_, response) => void response.end(`${[...linesOf('blue'), ...linesOf('green')].join('\n')}\n`),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    metrics: `http://127.0.0.1:${port}/metrics`,
    counts,
    lost: () => lost,
    stop: async () => {
      clearInterval(timer)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
