import { bug, TitrateError } from '../errors.ts'

/**
 * The one way to write a value as JSON (RFC 8785): members sorted by their names' UTF-16 code units, no white space,
 * numbers and strings as ECMAScript writes them. Equal values give equal text on every machine, so text can be hashed.
 *
 * As in JSON, a member that is `undefined` is absent. Throws BUG for NaN, infinities, lone surrogates and
 * anything that isn't plain data, with the place of it: writing `null` instead would hash what nobody said.
 */
export const canonicalJson = (value: unknown): string => write(value, [])

/** Where the writer stands: the names and indexes above it. Shared and changed, because this runs for every event. */
type Path = (string | number)[]

const notJson = (path: Path, fault: 'number' | 'surrogate' | 'kind', found: string): TitrateError => {
  const place = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
  const what = `$${place} is ${found}, which JSON cannot hold`
  return new TitrateError('BUG', bug(what).message, { details: { path: `$${place}`, fault } })
}

const write = (value: unknown, path: Path): string => {
  switch (typeof value) {
    case 'string':
      return writeString(value, path)
    case 'number':
      if (!Number.isFinite(value)) throw notJson(path, 'number', String(value))
      return JSON.stringify(value) // ECMAScript's Number-to-String is the RFC's; -0 becomes 0.
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? writeArray(value, path) : writeObject(value, path)
    default:
      throw notJson(path, 'kind', `a value of type ${typeof value}`)
  }
}

const writeString = (text: string, path: Path): string => {
  if (!text.isWellFormed()) throw notJson(path, 'surrogate', 'text with half of a surrogate pair')
  return JSON.stringify(text)
}

const writeArray = (items: readonly unknown[], path: Path): string => {
  let out = '['
  for (let index = 0; index < items.length; index += 1) {
    path.push(index)
    out += `${index > 0 ? ',' : ''}${write(items[index], path)}`
    path.pop()
  }
  return `${out}]`
}

const writeObject = (object: object, path: Path): string => {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null) {
    throw notJson(path, 'kind', `a ${object.constructor.name}`)
  }
  let out = '{'
  for (const key of sortedKeys(object)) {
    const member = object[key as keyof typeof object] // One of its own keys.
    if (member === undefined) continue
    path.push(key)
    out += `${out.length > 1 ? ',' : ''}${writeString(key, path)}:${write(member, path)}`
    path.pop()
  }
  return `${out}}`
}

/** Without a comparer, sort() compares UTF-16 code units, as the RFC asks. What was read from a journal is in order already. */
const sortedKeys = (object: object): readonly string[] => {
  const keys = Object.keys(object)
  const isSorted = keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key)
  return isSorted ? keys : keys.toSorted()
}
