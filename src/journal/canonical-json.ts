import { TitrateError } from '../errors.ts'

/**
 * The one way to write a value as JSON (RFC 8785): members sorted by their names' UTF-16 code units, no white space,
 * numbers and strings as ECMAScript writes them. Equal values give equal text on every machine, so text can be hashed.
 *
 * As in JSON, a member that is `undefined` is absent. Throws BUG for NaN, infinities, lone surrogates and
 * anything that isn't plain data, with the place of it: writing `null` instead would hash what nobody said.
 */
export const canonicalJson = (value: unknown): string => write(value, '$')

const notJson = (path: string, fault: 'number' | 'surrogate' | 'kind', found: string): TitrateError =>
  new TitrateError('BUG', `This is a fault in Titrate, please report it: ${path} is ${found}, which JSON cannot hold`, {
    details: { path, fault },
  })

const write = (value: unknown, path: string): string => {
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

const writeString = (text: string, path: string): string => {
  if (!text.isWellFormed()) throw notJson(path, 'surrogate', 'text with half of a surrogate pair')
  return JSON.stringify(text)
}

const writeArray = (items: readonly unknown[], path: string): string => {
  let out = '['
  for (let index = 0; index < items.length; index += 1) {
    if (index > 0) out += ','
    out += write(items[index], `${path}[${index}]`)
  }
  return `${out}]`
}

const writeObject = (object: object, path: string): string => {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null) {
    throw notJson(path, 'kind', `a ${object.constructor.name}`)
  }
  let out = '{'
  for (const [key, member] of Object.entries(object).sort(byKey)) {
    if (member === undefined) continue
    if (out.length > 1) out += ','
    out += `${writeString(key, path)}:${write(member, `${path}.${key}`)}`
  }
  return `${out}}`
}

/** `<` on strings compares UTF-16 code units, as the RFC asks; the keys of one object never equal each other. */
const byKey = (a: readonly [string, unknown], b: readonly [string, unknown]): number => (a[0] < b[0] ? -1 : 1)
