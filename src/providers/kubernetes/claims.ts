import type { ConfigMap } from 'kubernetes-types/core/v1.js'
import { z } from 'zod'
import type { Answer, Claims } from '../../engine/ports.ts'
import type { Fence } from '../../moves/goal.ts'
import { fieldManager } from './annotations.ts'
import {
  admits,
  type ClaimChange,
  type ClaimRecord,
  claimedBy,
  emptyClaim,
  freedBy,
  stoppedBy,
  unstopped,
} from './claim-record.ts'
import { kinds } from './client/kinds.ts'
import { type KubernetesEnvironment, nameOfEnvironment } from './environment.ts'

/** Claims, with what acts of the same provider ask of them. */
export type ClaimKeeper = Claims & {
  /** The claim as the watch knows it: no request. */
  known(signal: AbortSignal): Promise<Answer<ClaimRecord>>
  /** Whether an act may go on; a newer epoch is written down first. */
  admit(fence: Fence, signal: AbortSignal): Promise<Answer<ClaimRecord>>
}

/** The ConfigMap of an environment's claim. */
const environmentsOwn = 'titrate-claim'

const recordSchema = z.object({
  release: z.string().nullable(),
  epoch: z.number(),
  stop: z
    .object({ mark: z.object({ at: z.number(), by: z.string(), because: z.string() }), epoch: z.number() })
    .nullable(),
  freed: z.record(z.string(), z.number()),
})

const tries = 5

/**
 * The claim is a ConfigMap of the namespace, written by compare-and-swap on its resourceVersion. Acts ask the watch, which
 * has our own writes at once and those of others within milliseconds; what comes in between is caught by the stamp on
 * the object and the resourceVersion of the write.
 */
export const claimsOf = (
  environment: Pick<KubernetesEnvironment, 'cluster' | 'namespace'>,
  released: () => Promise<void>,
  { name, title }: { readonly name: string; readonly title: string } = {
    name: environmentsOwn,
    title: nameOfEnvironment(environment),
  },
): ClaimKeeper => {
  const { cluster, namespace } = environment
  const place = { namespace, name }
  const watch = cluster.watches.of(kinds.configMaps, { namespace, fields: `metadata.name=${name}` })

  const recordIn = (map: ConfigMap | null): Answer<ClaimRecord> => {
    if (map === null) return { kind: 'ok', value: emptyClaim }
    try {
      return { kind: 'ok', value: recordSchema.parse(JSON.parse(map.data?.['claim'] ?? '')) }
    } catch {
      const because = `ConfigMap ${namespace}/${name} on ${cluster.name} does not hold a claim that can be read. Delete it, if no release uses the environment.`
      return { kind: 'refused', because }
    }
  }
  const keep = (before: ConfigMap | null, record: ClaimRecord, signal: AbortSignal): Promise<Answer<ConfigMap>> => {
    const data = { claim: JSON.stringify(record) }
    const write = { signal, urgency: 'urgent' } as const
    if (before === null) {
      return cluster.client.create(
        kinds.configMaps,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: place, data },
        write,
      )
    }
    const body = { metadata: { resourceVersion: before.metadata?.resourceVersion }, data }
    return cluster.client.patch(kinds.configMaps, place, { kind: 'merge', body, manager: fieldManager }, write)
  }
  /** Reads, changes, writes, and begins again when somebody wrote in between. */
  const change = async (
    by: (record: ClaimRecord) => ClaimChange,
    signal: AbortSignal,
  ): Promise<Answer<ClaimRecord>> => {
    let because = 'somebody else keeps changing the claim'
    for (let count = 0; count < tries; count++) {
      const read = await cluster.client.get(kinds.configMaps, place, { signal, urgency: 'urgent' })
      if (read.kind !== 'ok') return read
      const record = recordIn(read.value)
      if (record.kind !== 'ok') return record
      const wanted = by(record.value)
      if (wanted.kind === 'refused') return wanted
      if (wanted.kind === 'holds') return record
      const kept = await keep(read.value, wanted.record, signal)
      if (kept.kind === 'ok') {
        watch.note(kept.value)
        return { kind: 'ok', value: wanted.record }
      }
      if (kept.kind !== 'conflict') return kept
      because = kept.because
    }
    return { kind: 'conflict', because }
  }
  const done = async (changed: Promise<Answer<ClaimRecord>>): Promise<Answer<null>> => {
    const answer = await changed
    return answer.kind === 'ok' ? { kind: 'ok', value: null } : answer
  }
  const known = async (signal: AbortSignal): Promise<Answer<ClaimRecord>> => {
    const reader = await watch.ready(signal)
    return reader.kind === 'ok' ? recordIn(reader.value.get(place)) : reader
  }

  return {
    name: title,
    // By the watch, as an engine asks every second; whoever claims or stops does it on what etcd has.
    read: async (signal) => {
      const record = await known(signal)
      if (record.kind !== 'ok') return record
      const { release, epoch, stop } = record.value
      return { kind: 'ok', value: { release, epoch, stop: stop?.mark ?? null, now: cluster.now() } }
    },
    claim: (release, epoch, signal) => done(change((record) => claimedBy(record, title, release, epoch), signal)),
    free: async (release, epoch, signal) => {
      const freed = await done(change((record) => freedBy(record, title, release, epoch), signal))
      // What the stamps said no longer counts from here on; that they are taken off the objects is tidiness.
      if (freed.kind === 'ok') await released()
      return freed
    },
    stop: (mark, epoch, signal) => done(change((record) => stoppedBy(record, mark, epoch), signal)),
    clearStop: (signal) => done(change(unstopped, signal)),
    known,
    admit: async (fence, signal) => {
      const record = await known(signal)
      if (record.kind !== 'ok') return record
      const admitted = admits(record.value, title, fence)
      if (admitted.kind === 'refused') return admitted
      return admitted.kind === 'holds' ? record : change((now) => admits(now, title, fence), signal)
    },
  }
}
