import { connect, createServer, type Server, type Socket } from 'node:net'

/** A replica that a connection can be given to. */
export type Backend = { readonly replica: string; readonly port: number }

/**
 * One address of a service, whatever replicas it has: connections go round its ready ones. It knows no HTTP: an open
 * connection stays with its replica until one end closes it, as a server does that is told to end.
 */
export type Front = {
  readonly port: number
  close(): Promise<void>
}

type Options = {
  /** The port it had before; 0: none yet. Another one is taken where somebody else has it by now. */
  readonly port: number
  backends(): readonly Backend[]
}

export const openFront = async (options: Options): Promise<Front> => {
  const links = new Set<Socket>()
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
      if (client.destroyed) server.destroy()
      else link(client, server)
    })
  }

  const link = (client: Socket, server: Socket): void => {
    links.add(client)
    const end = () => {
      links.delete(client)
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      socket.on('error', end)
      socket.on('close', end)
    }
    client.pipe(server)
    server.pipe(client)
  }

  const server = createServer({ noDelay: true, allowHalfOpen: true }, accept)
  const port = await listenNear(server, options.port)
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const client of links) client.destroy()
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
