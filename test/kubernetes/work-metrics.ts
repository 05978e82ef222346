import { once } from 'node:events'
import { createServer } from 'node:http'

/** Serves Prometheus' text: a worker of each side that does so many items a second, none of which fails. */
export const serveWorkMetrics = async (
  service: string,
  environments: readonly string[],
  perSecond: number,
): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const startedAt = Date.now()
  const server = createServer((_, response) => {
    const count = Math.floor(((Date.now() - startedAt) / 1_000) * perSecond)
    const lines = environments.flatMap((environment) => {
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
