import { type KubernetesObject, type Resource } from './resource.ts'
import { trim } from './trim.ts'

/** Longer ones are messages and what people wrote, of which there are hardly two alike. */
const longest = 64
/** Enough for what every object of a kind has; names and times pass through. */
const mostKept = 512

/**
 * Makes of objects as they came what is held of them for hours: trimmed, in as little memory as they can have, and with one
 * string for what is the same in all of them. The object that is given stays as it is.
 */
export const createHolder = <T extends KubernetesObject>(resource: Resource<T>): ((object: T) => T) => {
  const same = createStringPool()
  const share = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    // A copy that nobody else has yet.
    const members = value as Record<string, unknown>
    for (const key in members) {
      const member = members[key]
      if (typeof member === 'string') members[key] = same(member)
      else share(member)
    }
  }
  return (object) => {
    // What came as JSON is JSON. Read anew, each object has room for just what it has.
    const held = JSON.parse(JSON.stringify(trim(resource, object))) as T
    share(held)
    return held
  }
}

/** The first of equal strings, as long as it is not too long ago that it was asked for. */
const createStringPool = (): ((text: string) => string) => {
  let [young, old] = [new Map<string, string>(), new Map<string, string>()]
  return (text) => {
    if (text.length > longest) return text
    const known = young.get(text)
    if (known !== undefined) return known
    if (young.size >= mostKept) [young, old] = [new Map(), young]
    const kept = old.get(text) ?? text
    young.set(kept, kept)
    return kept
  }
}
