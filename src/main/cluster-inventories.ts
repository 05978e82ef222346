import type { Answer, Workloads } from '../engine/ports.ts'
import type { Side } from '../moves/goal.ts'
import type { ClusterPair } from './cluster-pair.ts'
import { type ClusterEstate, readClusterEstate } from './kubernetes-estate.ts'

type Reading = { readonly hmacKey: Uint8Array; readonly answer: Promise<Answer<ClusterEstate>> }

/**
 * The inventories of both sides. Green's names come from blue's objects, so either needs both: whoever asks for the two
 * side by side, with one key, gets them from one read, which then ends by the signal of the first.
 */
export const createInventories = (pair: ClusterPair): ((side: Side) => Workloads['inventory']) => {
  let underWay: Reading | null = null
  const estateOf = (hmacKey: Uint8Array, signal: AbortSignal): Promise<Answer<ClusterEstate>> => {
    if (underWay?.hmacKey === hmacKey) return underWay.answer
    const answer = readClusterEstate(pair, hmacKey, pair.clusters.blue.now(), signal).finally(() => {
      if (underWay?.answer === answer) underWay = null
    })
    underWay = { hmacKey, answer }
    return answer
  }
  return (side) => async (hmacKey, signal) => {
    const read = await estateOf(hmacKey, signal)
    return read.kind === 'ok' ? { kind: 'ok', value: read.value.seen[side] } : read
  }
}
