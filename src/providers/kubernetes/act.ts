import type { Answer, Call, Stamp } from '../../engine/ports.ts'
import type { Json } from '../../moves/goal.ts'
import { isOvertaken, isStampOf, stampAfter } from '../stamp.ts'
import { fieldManager } from './annotations.ts'
import type { ClaimRecord } from './claim-record.ts'
import type { ClaimKeeper } from './claims.ts'
import { describeObject, type KubernetesObject, type Resource } from './client/resource.ts'
import type { Urgency } from './client/token-bucket.ts'
import { trim } from './client/trim.ts'
import type { KubernetesEnvironment } from './environment.ts'
import { stampOn, writtenStamp } from './stamps.ts'

export type Revised = { readonly revision: string }

/** What an act writes, beside its stamp. */
export type Change<T> = {
  /** A merge patch of the object, and further annotations (null takes one off). */
  readonly patch: (object: T) => {
    readonly body: object
    readonly annotations?: Readonly<Record<string, string | null>>
  }
  /** What is written elsewhere after it, as the stamp has to stand before anything else changes. Absent: nothing. */
  readonly then?: (before: T) => Promise<Answer<unknown>>
  /** Whether the object is so already: then an act that bears our stamp was made before, and only its answer was lost. */
  readonly holds: (object: T) => boolean
}

/** Writes the stamp, and nothing else. */
export const stampOnly: Change<unknown> = { patch: () => ({ body: {} }), holds: () => true }

export type ActDeps<T extends KubernetesObject> = {
  readonly environment: KubernetesEnvironment
  readonly claims: ClaimKeeper
  readonly resource: Resource<T>
  readonly revision: (object: T) => string
  /** Schedules: nobody runs them while they pass from one side to the other. Left out: as urgent as the call. */
  readonly urgency?: Urgency
}

/** One look at the object that is to be changed. */
export type Looked<T> = {
  readonly object: T
  readonly claim: ClaimRecord
  readonly stamp: Stamp | null
  /** Somebody wrote since the caller read; null: nobody did, or the caller doesn't mind. */
  readonly conflict: { readonly kind: 'conflict'; readonly because: string } | null
}

const tries = 4

/**
 * Finds the object, and asks whether this call may still act on it: the claim, the stamp (nobody newer has taken over),
 * the revision. Then does `act`, and all of it again when that finds that somebody wrote in between.
 * What the watch knows is asked first, as the write's own resourceVersion finds out if that is old.
 */
export const actOn = async <T extends KubernetesObject, R>(
  deps: ActDeps<T>,
  call: Call,
  service: string,
  act: (looked: Looked<T>) => Promise<Answer<R>>,
): Promise<Answer<R>> => {
  const { environment, claims, resource, revision } = deps
  const { cluster, namespace } = environment
  const admitted = await claims.admit(call.fence, call.signal)
  if (admitted.kind !== 'ok') return admitted
  const title = describeObject(resource, { namespace, name: service })
  let isFresh = false
  for (let count = 0; ; count++) {
    const found = await find(deps, service, isFresh, call.signal)
    if (found.kind !== 'ok') return found
    const object = found.value
    const stamp = stampOn(object, admitted.value)
    if (stamp !== null && isOvertaken(stamp, call)) {
      const because = `too late: ${title} on ${cluster.name} was already changed for ${stamp.intent}; this is ${call.intent}`
      return { kind: 'refused', because }
    }
    const isOld = call.revision !== undefined && call.revision !== revision(object)
    const because = `${title} on ${cluster.name} is at revision ${revision(object)}, not ${call.revision}: read it again`
    const conflict = isOld ? ({ kind: 'conflict', because } as const) : null
    const answer = await act({ object, claim: admitted.value, stamp, conflict })
    // A conflict with what the watch knew may say only that the watch is behind.
    if (answer.kind !== 'conflict' || (isOld && isFresh) || count >= tries) return answer
    isFresh = true
  }
}

/** Of what has users, or runs, on the side that is left: on the way back it goes before all else, else before what waits. */
export const urgencyOf = ({ urgent }: Call): Urgency => (urgent === true ? 'first' : 'urgent')

const find = async <T extends KubernetesObject>(
  { environment, resource }: ActDeps<T>,
  service: string,
  isFresh: boolean,
  signal: AbortSignal,
): Promise<Answer<T>> => {
  const { cluster, namespace } = environment
  const place = { namespace, name: service }
  const reader = isFresh ? null : await cluster.watches.of(resource, { namespace }).ready(signal)
  const known = reader?.kind === 'ok' ? reader.value.get(place) : null
  if (known !== null) return { kind: 'ok', value: known }
  const read = await cluster.client.get(resource, place, { signal })
  if (read.kind !== 'ok') return read
  // As the watch has it, so that revisions can be compared.
  if (read.value !== null) return { kind: 'ok', value: trim(resource, read.value) }
  return { kind: 'refused', because: `there is no ${describeObject(resource, place)} on ${cluster.name}` }
}

/** An act that is one write: the change and the stamp, on the version that was looked at. */
export const changeObject = <T extends KubernetesObject>(
  deps: ActDeps<T>,
  call: Call,
  service: string,
  baseline: Json,
  change: Change<T>,
): Promise<Answer<Revised>> => {
  const { environment, resource, revision } = deps
  const { cluster, namespace } = environment
  return actOn(deps, call, service, async ({ object, stamp, conflict }) => {
    if (change.holds(object) && isStampOf(stamp, call)) return { kind: 'ok', value: { revision: revision(object) } }
    if (conflict !== null) return conflict
    const wanted = change.patch(object)
    const annotations = { ...wanted.annotations, ...writtenStamp(stampAfter(stamp, call, baseline)) }
    const metadata = { resourceVersion: object.metadata?.resourceVersion, annotations }
    const patch = { kind: 'merge', body: { ...wanted.body, metadata }, manager: fieldManager } as const
    const write = {
      signal: call.signal,
      urgency: deps.urgency ?? (call.urgent === true ? 'urgent' : 'normal'),
    } as const
    const written = await cluster.client.patch(resource, { namespace, name: service }, patch, write)
    if (written.kind !== 'ok') return written
    cluster.watches.of(resource, { namespace }).note(written.value)
    const then = await change.then?.(object)
    if (then !== undefined && then.kind !== 'ok') return then
    return { kind: 'ok', value: { revision: revision(trim(resource, written.value)) } }
  })
}
