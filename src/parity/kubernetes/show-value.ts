import { showCommand, showText, showVariable } from '../../inventory/shown-text.ts'
import { isMap, type JsonMap, scalarText } from '../../kubernetes/json.ts'
import type { Json } from '../../moves/goal.ts'

const longest = 160

/** A value as people are shown it: scalars as they are, of maps and lists only what they are made of. */
export const showValue = (name: string, value: Json | undefined): string | null => {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) {
    const list = value as readonly Json[] // an array of JSON holds JSON
    if (list.every((one) => typeof one !== 'object')) return cut(showCommand(list.map(String)).text)
    return `${list.length} ${list.length === 1 ? 'entry' : 'entries'}`
  }
  // What is inside may be secret in ways that no name tells: `name: PASSWORD, value: …`.
  if (isMap(value)) return `{ ${Object.keys(value).join(', ')} }`
  const text = scalarText(value)
  return cut((structural.has(name) ? showText(text) : showVariable(wordsOf(name), text)).text)
}

/** Fields of Kubernetes that sound like secrets and are none. */
const structural = new Set(['key', 'topologyKey', 'secretName', 'secretKey', 'credentialName'])

const wordsOf = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll(/[.\-/]/g, '_')

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text)

/** Two values side by side. Of long texts, the first line that differs. */
export const showBoth = (
  name: string,
  blue: Json | undefined,
  green: Json | undefined,
): readonly [string | null, string | null] => {
  if (typeof blue === 'string' && typeof green === 'string' && /\n/.test(blue + green))
    return firstDifference(name, blue, green)
  return apart(showValue(name, blue), showValue(name, green))
}

const apart = (a: string | null, b: string | null): readonly [string | null, string | null] =>
  a !== null && a === b ? [`${a}, differs`, `${b}, differs`] : [a, b]

const firstDifference = (name: string, blue: string, green: string): readonly [string, string] => {
  const [one, other] = [blue.split('\n'), green.split('\n')]
  const at = one.findIndex((line, index) => line !== other[index])
  const line = at === -1 ? one.length : at
  // A text whose own name says that it is secret is not shown in parts either.
  const hidden = showVariable(wordsOf(name), blue).text === '***'
  const of = (lines: readonly string[]): string =>
    lines[line] === undefined
      ? `ends before line ${line + 1}`
      : `line ${line + 1}: ${hidden ? '***' : cut(showText(lines[line].trim()).text)}`
  const [a, b] = apart(of(one), of(other))
  return [a ?? '', b ?? '']
}

/** Whether a manifest would show what may be secret in plain sight. */
export const holdsSecret = (value: Json): boolean => {
  if (Array.isArray(value)) {
    const list = value as readonly Json[] // an array of JSON holds JSON
    return showCommand(list.filter((one) => typeof one === 'string')).masked || list.some(holdsSecret)
  }
  if (!isMap(value)) return typeof value === 'string' && showText(value).masked
  const { name, value: content } = value
  if (typeof name === 'string' && typeof content === 'string' && showVariable(name, content).masked) return true
  return Object.entries(value).some(
    ([key, one]) => holdsSecret(one) || (keyed.has(key) && isMap(one) && hasSecretKey(one)),
  )
}

/** Maps whose keys people choose. */
const keyed = new Set(['data', 'annotations', 'labels', 'parameters'])

const hasSecretKey = (map: JsonMap): boolean =>
  Object.entries(map).some(([key, one]) => typeof one === 'string' && showVariable(wordsOf(key), one).masked)
