import { createServer, get, type Server } from 'node:http'

export type Relay = {
  readonly urls: readonly string[]
  /** From now on every connection is broken. */
  cut(): void
  close(): void
}

/** Stands in front of metrics addresses, so that the way to them can be cut. */
export const startRelay = async (targets: readonly string[]): Promise<Relay> => {
  let isCut = false
  const servers: Server[] = []
  const urls: string[] = []
  for (const target of targets) {
    const server = createServer((request, response) => {
      if (isCut) {
        request.socket.destroy()
        return
      }
      get(target, (answer) => {
        response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? 'text/plain' })
        answer.pipe(response)
      }).once('error', () => response.destroy())
    })
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the relay listens nowhere')
    servers.push(server)
    urls.push(`http://127.0.0.1:${address.port}/metrics`)
  }
  return {
    urls,
    cut: () => {
      isCut = true
    },
    close: () => {
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}
