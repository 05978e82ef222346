import { once } from 'node:events'
import { createServer } from 'node:http'

/** Serves Prometheus' text: workers that do so many items a second on each side, none of which fails. */
export const serveWorkMetrics = async (
  services: readonly string[],
  environments: readonly string[],
  perSecond: number,
): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const startedAt = Date.now()
  const server = createServer((_, response) => {
    const count = Math.floor(((Date.now() - startedAt) / 1_000) * perSecond)
    const series = services.flatMap((service) => environments.map((environment) => ({ service, environment })))
    const lines = series.flatMap(({ service, environment }) => {
      const labels = `{service="${service}",environment="${environment}"}`
      return [`work_taken_total${labels} ${count}`, `work_done_total${labels} ${count}`, `work_failed_total${labels} 0`]
    })
    response.setHeader('content-type', 'text/plain; version=0.0.4')
    response.end(`${lines.join('\n')}\n`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('it listens on no port')
  return {
    url: `http://127.0.0.1:${address.port}/metrics`,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
