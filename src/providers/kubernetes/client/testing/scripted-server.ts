import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cluster, type ConnectDeps, connectCluster } from '../connect.ts'
import type { KubernetesObject } from '../resource.ts'
import type { Issued } from './certificates.ts'

/** One request as it came. */
export type Asked = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export type Answering = (asked: Asked, response: ServerResponse) => void | Promise<void>

/** A real server on loopback that answers as a test says. */
export type ScriptedServer = {
  readonly url: string
  readonly asked: readonly Asked[]
  /** A cluster behind this server, as it would be found in a kubeconfig with one context, `blue`. */
  connect(more?: Connecting): Promise<Cluster>
  close(): Promise<void>
}

type Connecting = {
  readonly user?: object
  readonly cluster?: object
  readonly requestsPerSecond?: number
  readonly deps?: Partial<ConnectDeps>
}

export const startScriptedServer = async (answer: Answering, tls?: Issued): Promise<ScriptedServer> => {
  const asked: Asked[] = []
  const folder = mkdtempSync(join(tmpdir(), 'titrate-kubernetes-'))
  const clusters: Cluster[] = []
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString('utf8')
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://server')
    const { method = '', headers } = request
    const one = { method, path: pathname, query: searchParams, headers, body: text === '' ? null : JSON.parse(text) }
    asked.push(one)
    await answer(one, response)
  }
  const handle = (request: IncomingMessage, response: ServerResponse) =>
    // A client that went away in the middle is part of what is tested.
    void listener(request, response).catch(() => response.destroy())
  const server: Server =
    tls === undefined ? createServer(handle) : createTlsServer({ cert: tls.certificate, key: tls.key }, handle)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on an address and a port has both.
  const { port } = server.address() as AddressInfo
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`

  return {
    url,
    asked,
    connect: async ({ user = {}, cluster = {}, requestsPerSecond, deps = {} } = {}) => {
      const file = join(folder, 'kubeconfig')
      writeFileSync(file, JSON.stringify(kubeconfigOf({ server: url, ...cluster }, user)))
      const rate = requestsPerSecond === undefined ? {} : { requestsPerSecond }
      const connected = await connectCluster({ file, context: 'blue', ...rate }, { ...quickDeps, ...deps })
      clusters.push(connected)
      return connected
    },
    close: async () => {
      await Promise.all(clusters.map((each) => each.close()))
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const kubeconfigOf = (cluster: object, user: object): object => ({
  'current-context': 'blue',
  contexts: [{ name: 'blue', context: { cluster: 'one', user: 'ada', namespace: 'shop' } }],
  clusters: [{ name: 'one', cluster }],
  users: [{ name: 'ada', user }],
})

/** No jitter, so that waits are as short as they get. */
const quickDeps: ConnectDeps = {
  environment: { PATH: process.env['PATH'] },
  now: Date.now,
  elapsed: () => performance.now(),
  random: () => 0,
  fault: (error) => {
    throw error
  },
}

export const sendJson = (
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** The API server's way of saying no. */
export const sendStatus = (
  response: ServerResponse,
  code: number,
  status: { readonly reason?: string; readonly message?: string; readonly details?: object },
  headers: Record<string, string> = {},
): void => sendJson(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, ...status }, headers)

export const objectOf = (name: string, resourceVersion: string | number, more: object = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop', uid: `uid-of-${name}`, resourceVersion: String(resourceVersion) },
  ...more,
})

export const listOf = (resourceVersion: string | number, ...items: readonly KubernetesObject[]): object => ({
  kind: 'DeploymentList',
  apiVersion: 'apps/v1',
  metadata: { resourceVersion: String(resourceVersion) },
  items,
})

/** One line of a watch. */
export const eventLine = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`
