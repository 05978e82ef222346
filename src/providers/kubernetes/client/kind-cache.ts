import type { KubernetesObject, ObjectPlace } from './resource.ts'
import { isNewer } from './versions.ts'

export type Change<T> =
  /** `before` is null for one that is new. */
  | { readonly kind: 'changed'; readonly object: T; readonly before: T | null }
  | { readonly kind: 'removed'; readonly object: T }

export type Wanted = {
  readonly namespace?: string
  /** Labels that an object must have, with these values. */
  readonly labels?: Readonly<Record<string, string>>
}

/** What is known of the objects of one kind. */
export type KindCache<T> = {
  readonly size: number
  get(place: ObjectPlace): T | null
  /** Ordered by nothing in particular. */
  list(wanted: Wanted): readonly T[]
  /** What the object of this uid owns, and events about it. */
  ownedBy(uid: string): readonly T[]
  /** The kind as it was at one version. Objects that are known in a later one stay. Gives what changed. */
  replace(items: readonly T[], at: string): readonly Change<T>[]
  /** One object in one version. null: nothing new, as that version or a later one is known. */
  put(object: T): Change<T> | null
  remove(object: T): Change<T> | null
}

const keyOf = ({ namespace = '', name }: ObjectPlace): string => `${namespace}/${name}`

export const createKindCache = <T extends KubernetesObject>(): KindCache<T> => {
  const byNamespace = new Map<string, Map<string, T>>()
  const byOwner = new Map<string, T | Set<T>>()
  /** Those with labels of ours, by one of them: they are looked up for each schedule again and again. */
  const byOwnLabel = new Map<string, T | Set<T>>()
  let size = 0

  const within = (namespace: string): Map<string, T> => {
    const found = byNamespace.get(namespace) ?? new Map<string, T>()
    byNamespace.set(namespace, found)
    return found
  }
  const all = function* (): Iterable<T> {
    for (const objects of byNamespace.values()) yield* objects.values()
  }
  const find = ({ namespace = '', name }: ObjectPlace): T | null => byNamespace.get(namespace)?.get(name) ?? null
  const own = (object: T, change: 'add' | 'delete'): void => {
    for (const uid of uidsIn(object)) inSet(byOwner, uid, object, change)
    for (const [key, value] of Object.entries(object.metadata?.labels ?? {}))
      if (key.startsWith(ownLabels)) inSet(byOwnLabel, `${key}=${value}`, object, change)
  }
  /** A set that holds at least all that has these labels. */
  const among = ({ namespace, labels = {} }: Wanted): Iterable<T> => {
    const [indexed] = Object.entries(labels).filter(([key]) => key.startsWith(ownLabels))
    if (indexed !== undefined) return allOf(byOwnLabel.get(indexed.join('=')))
    return namespace === undefined ? all() : (byNamespace.get(namespace)?.values() ?? [])
  }
  const nameOf = (object: T): { readonly namespace: string; readonly name: string } => ({
    namespace: object.metadata?.namespace ?? '',
    name: object.metadata?.name ?? '',
  })
  const drop = (object: T): void => {
    const { namespace, name } = nameOf(object)
    own(object, 'delete')
    if (byNamespace.get(namespace)?.delete(name) === true) size -= 1
  }
  const put = (object: T): Change<T> | null => {
    const { namespace, name } = nameOf(object)
    const before = find({ namespace, name })
    if (before !== null && !isNewer(versionOf(object), versionOf(before))) return null
    if (before !== null) drop(before)
    within(namespace).set(name, object)
    own(object, 'add')
    size += 1
    return { kind: 'changed', object, before }
  }

  return {
    get size() {
      return size
    },
    get: find,
    list: (wanted) => {
      const { namespace, labels } = wanted
      const from = [...among(wanted)]
      return labels === undefined
        ? from
        : from.filter(
            (each) => hasLabels(each, labels) && (namespace ?? nameOf(each).namespace) === nameOf(each).namespace,
          )
    },
    ownedBy: (uid) => [...allOf(byOwner.get(uid))],
    replace: (items, at) => {
      const there = new Set(items.map((each) => keyOf(nameOf(each))))
      const gone = [...all()].filter((each) => !there.has(keyOf(nameOf(each))) && !isNewer(versionOf(each), at))
      for (const object of gone) drop(object)
      const removed = gone.map((object): Change<T> => ({ kind: 'removed', object }))
      return [...removed, ...items.map(put).filter((each) => each !== null)]
    },
    put,
    remove: (object) => {
      const known = find(nameOf(object))
      // An object of the same name made since then is another one.
      if (known === null || isNewer(versionOf(known), versionOf(object))) return null
      drop(known)
      return { kind: 'removed', object }
    },
  }
}

const ownLabels = 'titrate.dev/'

const uidsIn = ({
  metadata,
  involvedObject,
}: KubernetesObject & { readonly involvedObject?: { readonly uid?: string } }) => [
  ...(metadata?.ownerReferences ?? []).map(({ uid }) => uid),
  ...(involvedObject?.uid === undefined ? [] : [involvedObject.uid]),
]

/** Most have one only, and a set takes as much as a small object. */
const inSet = <T extends object>(
  sets: Map<string, T | Set<T>>,
  key: string,
  object: T,
  change: 'add' | 'delete',
): void => {
  const known = sets.get(key)
  if (known instanceof Set) {
    known[change](object)
    if (known.size === 0) sets.delete(key)
  } else if (change === 'delete') {
    if (known === object) sets.delete(key)
  } else sets.set(key, known === undefined || known === object ? object : new Set([known, object]))
}

const allOf = <T extends object>(found: T | Set<T> | undefined): Iterable<T> =>
  found === undefined ? [] : found instanceof Set ? found : [found]

const versionOf = ({ metadata }: KubernetesObject): string => metadata?.resourceVersion ?? ''

const hasLabels = ({ metadata }: KubernetesObject, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(labels).every(([key, value]) => metadata?.labels?.[key] === value)
