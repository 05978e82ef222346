import type { Answer } from '../../engine/ports.ts'
import type { JsonMap } from '../../kubernetes/json.ts'
import { type KubernetesObject as ReadObject, readObject } from '../../kubernetes/object.ts'
import { fieldManager } from './annotations.ts'
import { describeObject, type KubernetesObject, placeOf, type Resource } from './client/resource.ts'
import { type CopyOptions, copyOf, isCopy } from './copy-of.ts'
import type { KubernetesEnvironment } from './environment.ts'

type Where = Pick<KubernetesEnvironment, 'cluster' | 'namespace'>

/** An object of the API as the domain reads objects. */
export const asRead = (object: KubernetesObject, namespace: string): ReadObject | null =>
  readObject(object, { namespace, clusterWide: new Set(), place: null })

/** The manifest of an object's copy; null: it is none that could be copied. */
export const manifestOf = (object: KubernetesObject, how: CopyOptions): JsonMap | null => {
  const read = asRead(object, object.metadata?.namespace ?? '')
  return read === null ? null : copyOf(read, how)
}

/**
 * Makes one object, or brings a copy of ours up to date. What somebody else made is left as it is: parity says how it
 * differs. The answer: the object as it is now. Not forced: fields of a copy that somebody else set in the meantime are theirs, and that is said.
 */
export const putCopy = async <T extends KubernetesObject>(
  { cluster }: Where,
  resource: Resource<T>,
  manifest: JsonMap,
  signal: AbortSignal,
): Promise<Answer<T>> => {
  // A manifest is an object of this kind, as it was made from one.
  const object = manifest as T
  const place = placeOf(object)
  const there = await cluster.client.get(resource, place, { signal })
  if (there.kind !== 'ok') return there
  if (there.value !== null && !isCopy(there.value)) return { kind: 'ok', value: there.value }
  const patch = { kind: 'apply', object, manager: fieldManager, force: false } as const
  const made = await cluster.client.patch(resource, place, patch, { signal })
  if (made.kind !== 'conflict') return made
  const because = `${describeObject(resource, place)} on ${cluster.name} is a copy that somebody changed: ${oneLine(made.because)}. Delete it, and it is copied anew; or take its annotation titrate.dev/copied-from off, and it is left as it is.`
  return { kind: 'refused', because }
}

/** The API server names each field and its manager, in lines. */
const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*(- )?/g, ' ')
