import type { Answer } from '../../engine/ports.ts'
import type { Cluster } from './client/connect.ts'
import { type KubernetesObject, placeOf, type Resource } from './client/resource.ts'

/** The objects of one kind in some namespaces of a cluster, as its watches know them. */
type Objects<T extends KubernetesObject> = {
  readonly cluster: Pick<Cluster, 'client' | 'watches'>
  readonly resource: Resource<T>
  readonly namespaces: readonly string[]
}

/** Takes annotations off all objects that have the first of them. What can't be taken off stays. */
export const takeAnnotationsOff = async <T extends KubernetesObject>(
  { cluster, resource, namespaces }: Objects<T>,
  names: readonly [string, ...string[]],
  signal: AbortSignal,
): Promise<void> => {
  const body = { metadata: { annotations: Object.fromEntries(names.map((name) => [name, null])) } }
  for (const namespace of namespaces) {
    const watch = cluster.watches.of(resource, { namespace })
    const reader = await watch.ready(signal)
    if (reader.kind !== 'ok') continue
    const marked = reader.value
      .list({ namespace })
      .filter(({ metadata }) => metadata?.annotations?.[names[0]] !== undefined)
    await Promise.all(
      marked.map(async (object) => {
        const written = await cluster.client.patch(resource, placeOf(object), { kind: 'merge', body }, { signal })
        if (written.kind === 'ok') watch.note(written.value)
      }),
    )
  }
}

/** Deletes those that are not wanted any more, one by one; the first that can't be deleted is the answer. */
export const removeObjects = async <T extends KubernetesObject>(
  { cluster, resource, namespaces }: Objects<T>,
  isLeftOver: (object: T) => boolean,
  signal: AbortSignal,
): Promise<Answer<null>> => {
  for (const namespace of namespaces) {
    const reader = await cluster.watches.of(resource, { namespace }).ready(signal)
    if (reader.kind !== 'ok') return reader
    for (const object of reader.value.list({ namespace }).filter(isLeftOver)) {
      const removed = await cluster.client.remove(resource, placeOf(object), { signal })
      if (removed.kind !== 'ok') return removed
    }
  }
  return { kind: 'ok', value: null }
}
