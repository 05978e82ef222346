import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import type { KubernetesObject, Resource } from '../../src/providers/kubernetes/client/resource.ts'
import type { ClusterGiven } from './control-plane.ts'
import { type Running, start } from './processes.ts'
import type { Programs } from './programs.ts'
import { stages } from './stages.ts'

const nodes: Resource<KubernetesObject & { readonly status?: { readonly phase?: string } }> = {
  group: '',
  version: 'v1',
  plural: 'nodes',
  kind: 'Node',
  namespaced: false,
}

const name = 'played-by-kwok'

export const hasNoNode = async ({ client }: Cluster): Promise<boolean> => {
  const listed = await client.list(nodes, {}, { signal: AbortSignal.timeout(60_000) })
  if (listed.kind !== 'ok') throw new Error(listed.because)
  return listed.value.items.length === 0
}

/** Gives a cluster a node whose pods become ready, run and end as `stages.ts` says. */
export const playNodes = async (cluster: Cluster, given: ClusterGiven, programs: Programs): Promise<Running> => {
  const config = join(given.folder, 'stages.yaml')
  writeFileSync(config, stages())
  const log = join(given.folder, 'kwok.log')
  // Without a lease the node is taken for dead after a while, and its pods are never ready again.
  const flags = [
    ...['--manage-all-nodes', `--kubeconfig=${given.kubeconfig}`, `--config=${config}`],
    ...['--node-ip=10.240.0.1', '--node-lease-duration-seconds=40'],
  ]
  const kwok = start('kwok', programs.controlPlane, ['guard', programs.kwok, ...flags], log)
  const signal = AbortSignal.timeout(60_000)
  const made = await cluster.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } }, { signal })
  if (made.kind !== 'ok' && made.kind !== 'conflict') throw new Error(made.because)
  const watch = cluster.watches.of(nodes, {})
  const isRunning = Promise.withResolvers<void>()
  const stop = new AbortController()
  watch.onChange((change) => {
    if (change.kind === 'changed' && change.object.status?.phase === 'Running') isRunning.resolve()
  }, stop.signal)
  signal.addEventListener('abort', () =>
    isRunning.reject(new Error(`kwok did not make the node ready:\n${kwok.tail()}`)),
  )
  try {
    await isRunning.promise
  } finally {
    stop.abort()
  }
  return kwok
}
