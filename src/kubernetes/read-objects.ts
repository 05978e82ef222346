import type { Json } from '../moves/goal.ts'
import { isMap, type JsonMap, listAt, scalarText, textAt } from './json.ts'
import { isKnownKind } from './kinds.ts'
import { type KubernetesObject, looksLikeObject, objectKey, objectText, readObject } from './object.ts'

/** One document of a file, or one answer of an API server. */
export type Document = { readonly value: Json; readonly place: string | null }

export type ObjectsRead = {
  /** One of each; where an object came twice, the last one, as when both are applied in turn. */
  readonly objects: readonly KubernetesObject[]
  /** What people should know of what was read and what was not. */
  readonly notes: readonly string[]
}

/** All objects of some documents, those in lists too. `namespace`: for objects that name none. */
export const readObjects = (documents: readonly Document[], namespace: string): ObjectsRead => {
  const notes: string[] = []
  const bodies = documents.flatMap((document) => bodiesOf(document, notes))
  const clusterWide = clusterWideKinds(bodies.map(({ body }) => body))
  const kept = new Map<string, KubernetesObject>()
  for (const { body, place } of bodies) {
    const object = readObject(body, { namespace, clusterWide, place })
    if (object === null) {
      notes.push(`${placeText(place)}: a ${textAt(body, 'kind')} without a name is left out`)
      continue
    }
    const key = objectKey(object)
    const before = kept.get(key)
    if (before !== undefined) {
      notes.push(twice(before, object))
      kept.delete(key)
    }
    kept.set(key, object)
  }
  const objects = [...kept.values()]
  return { objects, notes: [...notes, ...unknownKinds(objects)] }
}

const placeText = (place: string | null): string => place ?? 'the cluster'

const bodiesOf = (
  { value, place }: Document,
  notes: string[],
): readonly { readonly body: JsonMap; readonly place: string | null }[] => {
  if (value === null) return []
  if (Array.isArray(value)) {
    // What some tools print instead of a List.
    return (value as readonly Json[]).flatMap((one) => bodiesOf({ value: one, place }, notes)) // an array of JSON holds JSON
  }
  if (!looksLikeObject(value)) {
    notes.push(
      `${placeText(place)}: no object of Kubernetes (it has no ${isMap(value) ? missing(value) : 'kind'}); left out`,
    )
    return []
  }
  if (isMap(value) && scalarText(value['kind']).endsWith('List') && Array.isArray(value['items'])) {
    const kind = scalarText(value['kind']).slice(0, -'List'.length)
    const inherited = kind === '' ? {} : { apiVersion: value['apiVersion'] ?? null, kind }
    return listAt(value, 'items').flatMap((item) =>
      bodiesOf({ value: isMap(item) ? { ...inherited, ...item } : item, place }, notes),
    )
  }
  return [{ body: value, place }]
}

const missing = (value: JsonMap): string => (typeof value['kind'] !== 'string' ? 'kind' : 'apiVersion')

const clusterWideKinds = (bodies: readonly JsonMap[]): ReadonlySet<string> =>
  new Set(
    bodies
      .filter((body) => body['kind'] === 'CustomResourceDefinition' && textAt(body, 'spec', 'scope') === 'Cluster')
      .map((body) => `${textAt(body, 'spec', 'names', 'kind') ?? ''}.${textAt(body, 'spec', 'group') ?? ''}`),
  )

const twice = (before: KubernetesObject, after: KubernetesObject): string => {
  const same = JSON.stringify(before.body) === JSON.stringify(after.body)
  return `${objectText(after)} is there twice, in ${placeText(before.place)} and in ${placeText(after.place)}${same ? ', with the same content' : ', with different contents; the last one counts'}`
}

const unknownKinds = (objects: readonly KubernetesObject[]): readonly string[] => {
  const counts = new Map<string, number>()
  for (const { sort } of objects) if (!isKnownKind(sort)) counts.set(sort, (counts.get(sort) ?? 0) + 1)
  return [...counts].map(
    ([sort, count]) => `${sort} (${count}): a kind that Titrate doesn't know; what it does is not taken into account`,
  )
}
