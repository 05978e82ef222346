import type { Event } from 'kubernetes-types/core/v1.js'
import { kinds, workloadKinds } from './client/kinds.ts'
import { type KubernetesObject, placeOf } from './client/resource.ts'
import type { KubernetesEnvironment } from './environment.ts'

/** Calls back with the service that an object belongs to, for each change of anything that a read shows. */
export const followNamespace = (
  { cluster, namespace }: KubernetesEnvironment,
  changed: (service: string | null) => void,
  signal: AbortSignal,
): void => {
  const scope = { namespace }
  const { watches } = cluster
  const named = (object: KubernetesObject) => placeOf(object).name
  const ownerOf = (object: KubernetesObject, kind: string) =>
    object.metadata?.ownerReferences?.find((each) => each.kind === kind && each.controller === true)?.name ?? null
  for (const resource of workloadKinds) {
    watches.of(resource, scope).onChange(({ object }) => changed(named(object)), signal)
  }
  watches.of(kinds.jobs, scope).onChange(({ object }) => {
    const owner = ownerOf(object, 'CronJob')
    if (owner !== null) changed(owner)
  }, signal)
  watches.of(kinds.pods, scope).onChange(({ object }) => {
    const set = ownerOf(object, 'StatefulSet')
    if (set !== null) return changed(set)
    const [replicaSet, job] = [ownerOf(object, 'ReplicaSet'), ownerOf(object, 'Job')]
    // Both are named for their owner, with a suffix of one part.
    const owner = replicaSet ?? job
    if (owner !== null) changed(withoutSuffix(owner))
  }, signal)
  // Why something isn't ready is often said nowhere else.
  watches.of(kinds.events, { namespace, fields: 'type=Warning' }).onChange(({ object: { involvedObject } }) => {
    for (const name of ownersOf(involvedObject)) changed(name)
  }, signal)
}

const withoutSuffix = (name: string): string => name.slice(0, name.lastIndexOf('-'))

/** Whose an object may be, by how controllers call what they make; who it isn't has changed just as little as before. */
const ownersOf = ({ kind = '', name = '' }: Event['involvedObject']): readonly string[] => {
  if (kind === 'Pod') return [withoutSuffix(name), withoutSuffix(withoutSuffix(name))]
  return ['ReplicaSet', 'Job'].includes(kind) ? [withoutSuffix(name)] : [name]
}
