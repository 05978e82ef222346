import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { dirname } from 'node:path'
import type { Duplex } from 'node:stream'
import { TitrateError } from '../../errors.ts'
import type { Address } from './router-file.ts'

/** A server that listens, and how to end it without cutting anyone off. */
export type Listener = {
  readonly address: Address
  /** Takes no more connections, waits for the answers under way for at most so long, then cuts what is left. */
  close(graceMs: number): Promise<void>
}

export const addressText = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/**
 * Listens on an address. A free port (0) is the one it had `before`, if that can be had. Throws ROUTER_UNAVAILABLE when
 * the address is taken or not ours.
 */
export const listenOn = async (
  what: string,
  server: Server,
  wanted: Address,
  before: number | null = null,
): Promise<Listener> => {
  const connections = trackConnections(server)
  if (wanted.port === 0 && before !== null) {
    const listening = await tryListen(server, { ...wanted, port: before })
    if (listening === null) return listenerOf(server, { ...wanted, port: before }, connections)
  }
  const fault = await tryListen(server, wanted)
  if (fault !== null) {
    const action = 'end what listens there, or write another address'
    const message = `The router can't listen on ${addressText(wanted)} for ${what}: ${fault.message}; ${action}.`
    throw new TitrateError('ROUTER_UNAVAILABLE', message, { cause: fault })
  }
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : wanted.port
  return listenerOf(server, { ...wanted, port }, connections)
}

/** A UNIX socket that only its owner may use. Whoever calls this holds the lock: what lies there is left over. */
export const listenOnSocket = async (server: Server, path: string): Promise<{ close(): Promise<void> }> => {
  const connections = trackConnections(server)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  chmodSync(dirname(path), 0o700)
  rmSync(path, { force: true })
  const fault = await tryListen(server, { path })
  if (fault !== null) {
    throw new TitrateError('ROUTER_UNAVAILABLE', `The router can't listen on ${path}: ${fault.message}`, {
      cause: fault,
    })
  }
  chmodSync(path, 0o600)
  return {
    close: async () => await closeServer(server, connections, 200),
  }
}

const tryListen = async (server: Server, at: Address | { readonly path: string }): Promise<Error | null> =>
  await new Promise((resolve) => {
    const failed = (error: Error): void => resolve(error)
    server.once('error', failed)
    server.listen(at, () => {
      server.off('error', failed)
      resolve(null)
    })
  })

type Connections = { readonly all: ReadonlySet<Duplex>; readonly upgraded: ReadonlySet<Duplex> }

/** Upgraded connections are no longer the server's own, so Node's `closeAllConnections` would leave them. */
const trackConnections = (server: Server): Connections => {
  const all = new Set<Duplex>()
  const upgraded = new Set<Duplex>()
  server.on('connection', (socket: Socket) => {
    all.add(socket)
    socket.once('close', () => all.delete(socket))
  })
  // A listener of this kind makes a server take upgrades: only where it takes them already.
  if (server.listenerCount('upgrade') > 0)
    server.on('upgrade', (_, socket) => {
      upgraded.add(socket)
      socket.once('close', () => upgraded.delete(socket))
    })
  return { all, upgraded }
}

const listenerOf = (server: Server, address: Address, connections: Connections): Listener => ({
  address,
  close: async (graceMs) => await closeServer(server, connections, graceMs),
})

const closeServer = async (server: Server, connections: Connections, graceMs: number): Promise<void> =>
  await new Promise((resolve) => {
    // A connection that is kept becomes idle when its answer is out, and Node closes only those idle at the moment.
    const idle = setInterval(() => server.closeIdleConnections(), 20)
    const limit = setTimeout(() => {
      for (const socket of connections.all) socket.destroy()
    }, graceMs)
    // These have no end of their own: waiting for them would only keep the next router from starting.
    for (const socket of connections.upgraded) socket.destroy()
    server.close(() => {
      clearInterval(idle)
      clearTimeout(limit)
      resolve()
    })
  })
