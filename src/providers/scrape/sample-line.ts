/** `text`: Prometheus text format 0.0.4. `openmetrics`: OpenMetrics 1.0. */
export type Format = 'text' | 'openmetrics'

export type Labels = ReadonlyMap<string, string>

// `s`: a value may hold any character, also those that end lines elsewhere (U+2028).
const series = /^([A-Za-z_:][A-Za-z0-9_:]*)[ \t]*(?:\{(.*)\}[ \t]*)?$/s
const label = /[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(,|$)/sy

/** Name and labels of a sample, from the text before its value. A string: what is wrong with it. Only run for new series. */
export const readLabels = (text: string): { readonly name: string; readonly labels: Labels } | string => {
  const found = series.exec(text)
  if (found?.[1] === undefined) return 'a name and labels were expected'
  const labels = new Map<string, string>()
  const inside = (found[2] ?? '').trimEnd()
  label.lastIndex = 0
  while (label.lastIndex < inside.length) {
    const at = label.lastIndex
    const [, name, value] = label.exec(inside) ?? []
    if (name === undefined || value === undefined) return `its labels can't be read from ${inside.slice(at, at + 40)}`
    if (labels.has(name)) return `it has the label ${name} twice`
    labels.set(name, unescaped(value))
  }
  return { name: found[1], labels }
}

/** `\\`, `\"` and `\n`; any other backslash is itself, as Prometheus and OpenMetrics have it. */
const unescaped = (value: string): string =>
  value.includes('\\') ? value.replace(/\\([\\"n])/g, (_, char) => (char === 'n' ? '\n' : char)) : value

/** Every label in the order of its name: two processes of one library may order them differently. */
export const canonicalSeries = (name: string, labels: Labels): string => {
  let inside = ''
  for (const label of [...labels.keys()].sort()) {
    const value = labels.get(label) ?? ''
    inside += `${inside === '' ? '' : ','}${label}=${special.test(value) ? JSON.stringify(value) : `"${value}"`}`
  }
  return inside === '' ? name : `${name}{${inside}}`
}

const special = /[^ !#-[\]-~]/

const textRest = /^([^ \t]+)(?:[ \t]+-?\d+)?[ \t]*$/
/** An exemplar follows ` # `; it is of no use here. */
const openMetricsRest = /^([^ ]+)(?: -?[\d.]+(?:[eE][+-]?\d+)?)?(?: # \{.*)?$/s
const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** The value at the beginning of what follows a series; timestamp and exemplar are read over. null: it is no number. */
export const readValue = (rest: string, format: Format): number | null => {
  const word = (format === 'text' ? textRest : openMetricsRest).exec(rest)?.[1]
  if (word === undefined) return null
  return number.test(word) ? Number(word) : wordValue(word.toLowerCase())
}

const wordValue = (word: string): number | null => {
  switch (word) {
    case 'nan':
      return Number.NaN
    case 'inf':
    case '+inf':
      return Number.POSITIVE_INFINITY
    case '-inf':
      return Number.NEGATIVE_INFINITY
    default:
      return null
  }
}
