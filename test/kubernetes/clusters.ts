import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import type { Cluster } from '../../src/providers/kubernetes/client/connect.ts'
import { kinds } from '../../src/providers/kubernetes/client/kinds.ts'
import type { ClusterGiven } from './control-plane.ts'
import type { ClustersGiven } from './global-setup.ts'

// Benches use what is below too, with clusters of their own.
const given: ClustersGiven =
  process.env['VITEST'] === undefined ? { kind: 'none', because: 'this is no test' } : inject('clusters')

/** Whether there are two clusters; where there are none, tests are skipped, and counted. */
export const hasClusters = given.kind !== 'none'

/** Whether they are ours: then tests may stop their processes, and have their keys. */
export const hasOwnClusters = given.kind !== 'none' && given.blue.pids !== null

/** Only within a test: where there are no clusters, none runs. */
export const clusterGiven = (side: 'blue' | 'green'): ClusterGiven => {
  if (given.kind === 'none') throw new Error(given.because)
  return given[side]
}

export const soon = (): AbortSignal => AbortSignal.timeout(20_000)

/** A new namespace of a name of its own, so that tests beside each other, and runs after each other, don't meet. */
export const makeNamespace = async ({ client }: Cluster, hint: string): Promise<string> => {
  const name = `${hint}-${randomBytes(4).toString('hex')}`
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } as const
  const answer = await client.create(kinds.namespaces, object, { signal: soon() })
  if (answer.kind !== 'ok') throw new Error(answer.because)
  return name
}

/** The value of an answer that a test can't go on without. */
export const okOf = async <T>(
  asked: Promise<{ readonly kind: string; readonly value?: T; readonly because?: string }>,
): Promise<T> => {
  const answer = await asked
  if (answer.kind !== 'ok') throw new Error(`${answer.kind}: ${answer.because}`)
  // An answer that is ok has a value.
  return answer.value as T
}
