import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Millis } from '../../moves/goal.ts'

/** A replica that a connection can be given to. */
export type Backend = { readonly replica: string; readonly port: number }

/** One address of a service, whatever replicas it has: connections go round its ready ones. */
export type Front = {
  readonly port: number
  /** A replica is leaving: idle connections to it are closed, so that their clients come again and reach another. */
  release(replica: string): void
  close(): Promise<void>
}

type Options = {
  /** The port it had before; 0: none yet. Another one is taken where somebody else has it by now. */
  readonly port: number
  backends(): readonly Backend[]
}

type Link = { readonly replica: string; readonly client: Socket; readonly server: Socket; lastAnswerAt: Millis | null }

/** After so long without a byte since its last answer, a connection counts as idle between two requests. */
const idleAfterMs: Millis = 50

export const openFront = async (options: Options): Promise<Front> => {
  const links = new Set<Link>()
  let turn = 0

  const accept = (client: Socket): void => {
    const backends = options.backends()
    client.on('error', () => client.destroy())
    if (backends.length === 0) {
      client.resetAndDestroy()
      return
    }
    turn = (turn + 1) % backends.length
    // Each is tried once: nothing was sent yet, so that going on to the next is safe.
    join(client, [...backends.slice(turn), ...backends.slice(0, turn)])
  }

  const join = (client: Socket, [backend, ...others]: readonly Backend[]): void => {
    if (backend === undefined) {
      client.resetAndDestroy()
      return
    }
    const server = connect({ host: '127.0.0.1', port: backend.port, noDelay: true, allowHalfOpen: true })
    const failed = () => {
      server.destroy()
      if (!client.destroyed) join(client, others)
    }
    server.once('error', failed)
    server.once('connect', () => {
      server.off('error', failed)
      link(client, server, backend.replica)
    })
  }

  const link = (client: Socket, server: Socket, replica: string): void => {
    const made: Link = { replica, client, server, lastAnswerAt: null }
    links.add(made)
    const end = () => {
      links.delete(made)
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      socket.on('error', end)
      socket.on('close', end)
    }
    client.on('data', () => {
      made.lastAnswerAt = null
    })
    server.on('data', () => {
      made.lastAnswerAt = performance.now()
    })
    client.pipe(server)
    server.pipe(client)
  }

  const release = (replica: string): void => {
    let open = 0
    for (const made of links) {
      if (made.replica !== replica) continue
      open += 1
      const idle = made.lastAnswerAt !== null && performance.now() - made.lastAnswerAt >= idleAfterMs
      if (idle) made.client.end()
    }
    if (open > 0) setTimeout(() => release(replica), idleAfterMs).unref()
  }

  const server = createServer({ noDelay: true, allowHalfOpen: true }, accept)
  const port = await listenNear(server, options.port)
  return {
    port,
    release,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const made of links) made.client.destroy()
      }),
  }
}

/** Listens where it did before, else anywhere; the port that it got. */
export const listenNear = async (server: Server, wanted: number, host = '127.0.0.1'): Promise<number> => {
  try {
    return await listen(server, wanted, host)
  } catch {
    return listen(server, 0, host)
  }
}

export const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host }, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })

/** A port that is free now, for a process that will listen on it soon. Another may take it first: then it ends, and gets a new one. */
export const freePort = async (): Promise<number> => {
  const server = createServer()
  const port = await listen(server, 0, '127.0.0.1')
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
