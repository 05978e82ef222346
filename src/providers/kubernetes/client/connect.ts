import type { Millis } from '../../../moves/goal.ts'
import { createClient, type KubernetesClient } from './client.ts'
import { createCredentialReader } from './credentials.ts'
import { readClusterEntry } from './kubeconfig.ts'
import { createSender } from './send.ts'
import { createServerClock } from './server-clock.ts'
import { createSessions } from './session.ts'
import { createTokenBucket } from './token-bucket.ts'
import { createWatches, type Watches } from './watches.ts'

export type Cluster = {
  /** What people call it: its context. */
  readonly name: string
  /** The namespace of the context; null: none is set. */
  readonly namespace: string | null
  readonly client: KubernetesClient
  readonly watches: Watches
  /** The API server's wall clock, as far as its answers tell it. */
  now(): Millis
  /** Ends every watch and connection at once. */
  close(): Promise<void>
}

export type ConnectOptions = {
  /** A kubeconfig; null: the one that kubectl would take, or the service account of the pod that this runs in. */
  readonly file: string | null
  /** null: the current one. */
  readonly context: string | null
  readonly requestsPerSecond?: number
}

export type ConnectDeps = {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Wall clock, for expiries. */
  readonly now: () => Millis
  /** Monotonic. */
  readonly elapsed: () => Millis
  /** 0 to 1. */
  readonly random: () => number
  /** Gets what a callback of a reader threw: a fault of ours, to be logged. */
  readonly fault: (error: unknown) => void
}

/** A client that asks for more is slowed down by API servers as they are set up by default. */
export const defaultRequestsPerSecond = 40

/** Finds a cluster and makes ready to talk to it; asks nothing of it yet. Throws `KUBECONFIG`. */
export const connectCluster = async (options: ConnectOptions, deps: ConnectDeps): Promise<Cluster> => {
  const { file, context, requestsPerSecond = defaultRequestsPerSecond } = options
  const { environment, now, elapsed, random, fault } = deps
  const read = (wanted: string | null) => readClusterEntry({ file, context: wanted, environment })
  const entry = await read(context)
  const name = entry.context
  // By name from now on: that somebody switches the current context must not switch the cluster.
  const readEntry = () => read(name === 'in-cluster' && context === null ? null : name)
  const credentials = createCredentialReader({ now, environment })
  const sessions = createSessions(entry, { readEntry, credentials, now, environment })
  const bucket = createTokenBucket(requestsPerSecond, elapsed)
  const clock = createServerClock(now)
  const { server } = entry.cluster
  const sender = createSender({ server, userAgent: 'titrate', sessions, bucket, clock, now, random })
  const closed = new AbortController()
  return {
    name,
    namespace: entry.namespace,
    client: createClient(name, sender),
    now: clock.now,
    watches: createWatches({ cluster: name, sender, elapsed, random, fault, signal: closed.signal }),
    close: async () => {
      closed.abort()
      await sessions.close()
    },
  }
}
