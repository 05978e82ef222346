import type { Answer } from '../../../engine/ports.ts'
import type { Cluster } from '../client/connect.ts'
import type { Change } from '../client/kind-cache.ts'
import type { KubernetesObject, Resource } from '../client/resource.ts'

/** The objects that something is made of. */
export type Source<T extends KubernetesObject = KubernetesObject> = {
  readonly cluster: Pick<Cluster, 'watches'>
  readonly resource: Resource<T>
  readonly namespaces: readonly string[]
  /** Which of their changes matter to what is made of them. Absent: all. */
  readonly matters?: (change: Change<T>) => boolean
}

export type Derived<T> = (signal: AbortSignal) => Promise<Answer<T>>

/** Something made of one kind in several namespaces: made when it is asked for, and anew only after what matters has changed. */
export const derivedOf = <T extends KubernetesObject, R>(
  { cluster, resource, namespaces, matters = () => true }: Source<T>,
  make: (objects: readonly T[]) => R,
  life: AbortSignal,
): Derived<R> => {
  const sources = namespaces.map((namespace) => ({ namespace, watch: cluster.watches.of(resource, { namespace }) }))
  let made: { readonly value: R } | null = null
  for (const { watch } of sources)
    watch.onChange((change) => {
      if (matters(change)) made = null
    }, life)
  return async (signal) => {
    const readers = []
    for (const { namespace, watch } of sources) {
      const reader = await watch.ready(signal)
      if (reader.kind !== 'ok') return reader
      readers.push({ namespace, list: reader.value.list })
    }
    const known = made ?? { value: make(readers.flatMap(({ namespace, list }) => list({ namespace }))) }
    made = known
    return { kind: 'ok', value: known.value }
  }
}
