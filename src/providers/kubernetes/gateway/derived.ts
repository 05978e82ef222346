import type { Answer } from '../../../engine/ports.ts'
import type { Change } from '../client/kind-cache.ts'
import type { KindReader, KindWatch } from '../client/kind-watch.ts'
import type { KubernetesObject } from '../client/resource.ts'

/** A watch that something is made of, and which of its changes matter to that. */
export type Source<T extends KubernetesObject = KubernetesObject> = {
  readonly watch: KindWatch<T>
  readonly matters: (change: Change<T>) => boolean
}

export type Derived<T> = (signal: AbortSignal) => Promise<Answer<T>>

/** Something made of one kind in several namespaces: made when it is asked for, and anew only after what matters has changed. */
export const derivedOf = <T extends KubernetesObject, R>(
  sources: readonly Source<T>[],
  make: (readers: readonly KindReader<T>[]) => R,
  life: AbortSignal,
): Derived<R> => {
  let made: { readonly value: R } | null = null
  for (const { watch, matters } of sources)
    watch.onChange((change) => {
      if (matters(change)) made = null
    }, life)
  return async (signal) => {
    const readers: KindReader<T>[] = []
    for (const { watch } of sources) {
      const reader = await watch.ready(signal)
      if (reader.kind !== 'ok') return reader
      readers.push(reader.value)
    }
    const known = made ?? { value: make(readers) }
    made = known
    return { kind: 'ok', value: known.value }
  }
}
