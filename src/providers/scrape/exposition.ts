import { type Format, type Labels, readLabels, readValue } from './sample-line.ts'

export type ExpositionRead =
  | { readonly kind: 'ok' }
  /** The first line that is not the format; nothing that was taken before it counts. */
  | { readonly kind: 'fault'; readonly line: number; readonly because: string }

export type ExpositionReader<T> = {
  /** Calls `take` for each sample that has a meaning, in the order of the text. */
  read(text: string, format: Format, take: (meaning: T, value: number) => void): ExpositionRead
}

/** One series, by the text before its value. It stays while the source goes on to show it. */
type Entry<T> = {
  readonly prefix: string
  readonly meaning: T | null
  /** Where it stood in the newest text that showed it. */
  position: number
  /** The read that met it last: twice in one is a fault. */
  read: number
}

const newline = 10
const space = 32
const tab = 9
const hash = 35
const brace = 123
const zero = 48
const quote = 34
const backslash = 92
const closingBrace = 125

/**
 * Reads one source's text again and again. A source shows nearly the same series in the same order each time, so each line
 * is first compared with the one that stood there before: labels are only read when a series is new.
 *
 * `meaningOf` is asked once per series; null: of no use to us. `typeFault` says what is wrong with a declared type; null: nothing.
 */
export const createExpositionReader = <T>(options: {
  readonly meaningOf: (name: string, labels: Labels) => T | null
  readonly typeFault: (family: string, type: string, format: Format) => string | null
}): ExpositionReader<T> => {
  let last: readonly Entry<T>[] = []
  let reads = 0

  const readText = (
    text: string,
    format: Format,
    take: (meaning: T, value: number) => void,
    shown: Entry<T>[],
  ): ExpositionRead => {
    const read = ++reads
    let expected = 0
    let byPrefix: Map<string, Entry<T>> | null = null
    let line = 0
    let at = 0
    const { length } = text
    const fault = (because: string): ExpositionRead => ({ kind: 'fault', line, because })

    const lookUp = (start: number): Entry<T> | string => {
      const end = endOfSeries(text, start)
      if (end < 0) return `${excerpt(text, start)} is not a sample: a name, labels and a value were expected`
      byPrefix ??= new Map(last.map((entry) => [entry.prefix, entry]))
      const known = byPrefix.get(text.slice(start, end))
      if (known !== undefined) return known
      // A copy: a slice would keep the whole text in memory for as long as the series lives.
      const prefix = Buffer.from(text.slice(start, end)).toString()
      const parsed = readLabels(prefix)
      if (typeof parsed === 'string') return `${excerpt(text, start)}: ${parsed}`
      const made: Entry<T> = { prefix, meaning: options.meaningOf(parsed.name, parsed.labels), position: -1, read: 0 }
      byPrefix.set(prefix, made)
      return made
    }

    while (at < length) {
      line++
      while (isBlank(text.charCodeAt(at))) at++
      const first = text.charCodeAt(at)
      if (first === newline) {
        at++
        continue
      }
      if (first === hash) {
        const end = endOfLine(text, at)
        const comment = text.slice(at, end)
        if (comment === '# EOF' && format === 'openmetrics')
          return end + 1 >= length ? { kind: 'ok' } : fault('something follows # EOF')
        const because = commentFault(comment, format, options.typeFault)
        if (because !== null) return fault(because)
        at = end + 1
        continue
      }
      let entry = last[expected]
      // A slice and a comparison cost a sixth of `startsWith`.
      if (entry === undefined || text.slice(at, at + entry.prefix.length) !== entry.prefix) {
        const found = lookUp(at)
        if (typeof found === 'string') return fault(found)
        entry = found
      }
      if (entry.read === read) return fault(`${entry.prefix.trim()} stands there twice`)
      if (entry.position >= 0) expected = entry.position + 1
      const start = at
      at += entry.prefix.length
      while (isBlank(text.charCodeAt(at))) at++
      // Nearly every value is a whole number that ends its line.
      let value = 0
      const digits = at
      let code = text.charCodeAt(at)
      while (code >= zero && code < zero + 10) {
        value = value * 10 + code - zero
        code = text.charCodeAt(++at)
      }
      if (code === newline && at > digits && at - digits <= 15) at++
      else {
        const end = endOfLine(text, at)
        const slow = readValue(text.slice(digits, end), format)
        if (slow === null) return fault(`${excerpt(text, start)}: its value can't be read`)
        value = slow
        at = end + 1
        if (end === length) return fault('the last line is cut off')
      }
      entry.read = read
      entry.position = shown.length
      shown.push(entry)
      if (entry.meaning !== null) take(entry.meaning, value)
    }
    return format === 'openmetrics' ? fault('# EOF is missing: the text is cut off') : { kind: 'ok' }
  }

  return {
    read: (text, format, take) => {
      const shown: Entry<T>[] = []
      const result = readText(text, format, take, shown)
      last = result.kind === 'ok' ? shown : []
      return result
    },
  }
}

const isBlank = (code: number): boolean => code === space || code === tab

const endOfLine = (text: string, from: number): number => {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

/** Just after the name (and one blank) or the closing brace of the labels; -1: the line has no such thing. */
const endOfSeries = (text: string, start: number): number => {
  let at = start
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === brace) break
    if (code === newline) return -1
    if (isBlank(code)) {
      let next = at
      while (isBlank(text.charCodeAt(next))) next++
      if (text.charCodeAt(next) !== brace) return at + 1
      at = next
      break
    }
  }
  let quoted = false
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === newline) return -1
    if (code === quote) quoted = !quoted
    else if (quoted && code === backslash) at++
    else if (!quoted && code === closingBrace) return at + 1
  }
  return -1
}

const excerptLength = 80
const excerpt = (text: string, start: number): string =>
  JSON.stringify(text.slice(start, Math.min(endOfLine(text, start), start + excerptLength)))

const commentFault = (
  comment: string,
  format: Format,
  typeFault: (family: string, type: string, format: Format) => string | null,
): string | null => {
  if (!comment.startsWith('# TYPE ')) return null
  const [family, type, ...more] = comment
    .slice('# TYPE '.length)
    .split(/[ \t]+/)
    .filter((word) => word !== '')
  if (family === undefined || type === undefined || more.length > 0)
    return `${JSON.stringify(comment.slice(0, excerptLength))} is not a type: a name and a type were expected`
  return typeFault(family, type, format)
}
