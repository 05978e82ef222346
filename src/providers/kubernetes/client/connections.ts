import { createSecureContext, type SecureContext } from 'node:tls'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { Millis } from '../../../moves/goal.ts'
import type { ClusterEntry } from './cluster-entry.ts'
import type { Credentials } from './credentials.ts'
import { pemOf } from './pem.ts'
import { chooseProxy } from './proxy-choice.ts'

/** The two sets of connections to a cluster: a watch holds one for minutes, and must not keep a request from going out. */
export type Connections = {
  readonly requests: Dispatcher
  readonly watches: Dispatcher
  close(): Promise<void>
}

const connectMs: Millis = 5_000
/** Shorter than the idle limits of load balancers in between, 60 s where it is least. */
const keepMs: Millis = 30_000
const mostRequests = 64

/** Throws when a file that the entry names can't be read, or its proxy is of a kind that isn't known. */
export const openConnections = async (
  entry: ClusterEntry,
  { certificate, key }: Pick<Credentials, 'certificate' | 'key'>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Connections> => {
  const { cluster } = entry
  const ca = await pemOf(cluster['certificate-authority-data'], cluster['certificate-authority'])
  const tls = {
    // One for all connections: each would read the certificates anew, and keep them.
    secureContext: createSecureContext({
      ...(ca === null ? {} : { ca }),
      ...(certificate === null ? {} : { cert: certificate }),
      ...(key === null ? {} : { key }),
    }),
    ...(cluster['tls-server-name'] ? { servername: cluster['tls-server-name'] } : {}),
    // Said either way: left out, NODE_TLS_REJECT_UNAUTHORIZED=0 would turn the check off unseen.
    rejectUnauthorized: cluster['insecure-skip-tls-verify'] !== true,
  }
  const proxy = chooseProxy(new URL(cluster.server), cluster['proxy-url'] ?? null, environment)
  const requests = dispatcherFor(proxy, tls, mostRequests)
  const watches = dispatcherFor(proxy, tls, null)
  return { requests, watches, close: async () => void (await Promise.all([requests.destroy(), watches.destroy()])) }
}

type Tls = {
  readonly secureContext: SecureContext
  readonly servername?: string
  readonly rejectUnauthorized: boolean
}

const dispatcherFor = (proxy: string | null, tls: Tls, connections: number | null): Dispatcher => {
  const options = { connections, keepAliveTimeout: keepMs, allowH2: false }
  const connect = { ...tls, timeout: connectMs, keepAlive: true, keepAliveInitialDelay: keepMs }
  if (proxy === null) return new Agent({ ...options, connect })
  // `socks5h` says that the proxy looks the name up, which is how it is always done here.
  const uri = proxy.replace(/^socks5h:/, 'socks5:')
  return new ProxyAgent({ ...options, uri, requestTls: connect, connectTimeout: connectMs })
}
