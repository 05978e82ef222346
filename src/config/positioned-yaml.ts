import { readFileSync, statSync } from 'node:fs'
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type YAMLError } from 'yaml'
import type { z } from 'zod'
import { nearestWord } from './nearest.ts'

/** One thing wrong in a file that a person wrote: where, what was found, what was expected, what to write instead. */
export type Fault = {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** `services.storefront.replicas`; empty: the file as a whole. */
  readonly path: string
  /** What stands there, shortened; null: nothing, or it is not shown because it may be a secret. */
  readonly value: string | null
  readonly expected: string
  readonly suggestion: string | null
}

export type FaultPath = readonly (string | number)[]

/** A YAML file that was read: its plain data, and where each part of it stands. */
export type PositionedYaml = {
  readonly file: string
  readonly text: string
  readonly data: unknown
  /** A fault at a path of the data; a path that isn't there is placed at its nearest parent that is. */
  fault(path: FaultPath, expected: string, options?: FaultOptions): Fault
}

export type FaultOptions = { readonly suggestion?: string | null; readonly at?: 'key' | 'value' }

export type Read<T> = { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'faults'; readonly faults: Fault[] }

/** Files that people write are far smaller; a larger one is a mistake, and slow to read. */
const maxBytes = 1_000_000

/** `file:line:column: path: found …, expected …; suggestion` */
export const describeFault = (fault: Fault): string => {
  const found = fault.value === null ? '' : `found ${fault.value}, `
  const path = fault.path === '' ? '' : `${fault.path}: `
  const suggestion = fault.suggestion === null ? '' : `; ${fault.suggestion}`
  return `${fault.file}:${fault.line}:${fault.column}: ${path}${found}expected ${fault.expected}${suggestion}`
}

/** Reads a YAML file. Faults: missing, too large, not UTF-8, not YAML, several documents, aliases that explode. */
export const readPositionedYaml = (file: string): Read<PositionedYaml> => {
  const whole = (value: string, expected: string, suggestion: string | null = null) => ({
    kind: 'faults' as const,
    faults: [{ file, line: 1, column: 1, path: '', value, expected, suggestion }],
  })
  let bytes: Buffer
  try {
    const stats = statSync(file)
    const { size } = stats
    if (stats.isDirectory()) return whole('a directory', 'a file', 'name the file in it')
    if (!stats.isFile()) return whole('something that is neither a file nor a directory', 'a file')
    if (size > maxBytes) return whole(`${size} bytes`, `at most ${maxBytes} bytes`, 'is this the right file?')
    bytes = readFileSync(file)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return whole(code === 'ENOENT' ? 'no such file' : code, 'a file that can be read', 'check the path and its rights')
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return whole('bytes that are not UTF-8', 'text in UTF-8', 'save the file in the encoding UTF-8')
  }
  return parsePositionedYaml(file, text)
}

/**
 * What was made of the last few texts. One command meets an environment's file in five places (by itself, through the
 * router's file, through the release's), and reading YAML is most of what it does until then.
 */
const lastParsed = new Map<string, { readonly text: string; readonly read: Read<PositionedYaml> }>()
const mostKept = 8
const longestKept = 1_000_000

/** The same for text at hand; `file` is only named in faults. The same text of a file gives the same object. */
export const parsePositionedYaml = (file: string, text: string): Read<PositionedYaml> => {
  const kept = lastParsed.get(file)
  if (kept?.text === text) return kept.read
  const read = parseText(file, text)
  lastParsed.delete(file)
  if (text.length > longestKept) return read
  lastParsed.set(file, { text, read })
  const [oldest] = lastParsed.keys()
  if (lastParsed.size > mostKept && oldest !== undefined) lastParsed.delete(oldest)
  return read
}

const parseText = (file: string, text: string): Read<PositionedYaml> => {
  const counter = new LineCounter()
  const at = (offset: number) => {
    const { line, col } = counter.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const broken = (offset: number, why: string) => ({
    kind: 'faults' as const,
    faults: [{ file, ...at(offset), path: '', value: null, expected: 'valid YAML', suggestion: why }],
  })
  if (nestsTooDeep(text)) return broken(0, 'it nests too deep; write it out plainly')
  try {
    const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'error' })
    const problems = [...document.errors, ...document.warnings]
    if (problems.length > 0) {
      return {
        kind: 'faults',
        faults: problems
          .slice(0, maxSyntaxFaults)
          .map((problem) => ({ file, ...at(problem.pos[0]), path: '', value: null, ...inOurWords(problem) })),
      }
    }
    if (document.contents === null) {
      const fault = { file, line: 1, column: 1, path: '', value: 'an empty file', expected: 'YAML', suggestion: null }
      return { kind: 'faults', faults: [fault] }
    }
    const data: unknown = document.toJS({ maxAliasCount: 100 })
    return { kind: 'ok', value: positioned(file, text, document, data, at) }
  } catch (error) {
    // Nesting that overflows the stack, or aliases that multiply beyond the limit.
    if (error instanceof ReferenceError) return broken(0, 'its aliases multiply beyond all measure: write them out')
    if (error instanceof RangeError) return broken(0, 'it is nested too deeply: is this the right file?')
    return broken(0, String(error))
  }
}

/** After so many the rest only repeats them. */
const maxSyntaxFaults = 20

/** The library's words are kept where they are plain; these are not, or don't say what to do. */
const inOurWords = ({ code, message }: YAMLError): Pick<Fault, 'expected' | 'suggestion'> => {
  switch (code) {
    case 'MULTIPLE_DOCS':
      return { expected: 'one document in the file', suggestion: 'a second one begins here with ---: remove it' }
    case 'DUPLICATE_KEY':
      return { expected: 'each key once', suggestion: 'this key stands in the same map before: keep one of them' }
    case 'TAB_AS_INDENT':
      return { expected: 'indentation by spaces', suggestion: 'replace the tabs by spaces' }
    default:
      return { expected: 'valid YAML', suggestion: message }
  }
}

/** Brackets within brackets, or lists within lists on one line: nothing that people write, and slow to refuse by parsing. */
const nestsTooDeep = (text: string): boolean => {
  let depth = 0
  for (const character of text) {
    if (character === '[' || character === '{') depth += 1
    else if (character === ']' || character === '}') depth = Math.max(0, depth - 1)
    if (depth > deepest) return true
  }
  return new RegExp(`(?:[-?:][ \\t]+){${deepest}}`).test(text)
}

const deepest = 200

type Place = { readonly line: number; readonly column: number }

const positioned = (
  file: string,
  text: string,
  document: Document,
  data: unknown,
  at: (offset: number) => Place,
): PositionedYaml => ({
  file,
  text,
  data,
  fault: (path, expected, options = {}) => ({
    file,
    ...at(offsetOf(document, path, options.at ?? 'value')),
    path: path.join('.'),
    value: options.at === 'key' ? String(path.at(-1)) : shown(path, valueAt(data, path)),
    expected,
    suggestion: options.suggestion ?? null,
  }),
})

const offsetOf = (document: Document, path: FaultPath, which: 'key' | 'value'): number => {
  const parent = document.getIn(path.slice(0, -1), true)
  const last = path.at(-1)
  if (isMap(parent) && last !== undefined) {
    const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(last))
    if (pair !== undefined && isPair(pair)) {
      const node = which === 'key' || !isNode(pair.value) ? pair.key : pair.value
      if (isNode(node) && node.range) return node.range[0]
    }
  }
  const node = document.getIn(path, true)
  if (isNode(node) && node.range) return node.range[0]
  return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1), 'key')
}

const valueAt = (data: unknown, path: FaultPath): unknown => {
  let value = data
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Readonly<Record<string | number, unknown>>)[part] // an object that has this key, as just seen
  }
  return value
}

/** Whoever writes a secret where its reference belongs must not find it in a log. */
const maySecret = (path: FaultPath): boolean => path.some((part) => /secret|password|token|key$/i.test(String(part)))

/** `postgresql://user:password@host`, also where it isn't quite a URL: what stands before the host may be a password. */
const beforeHost = /^(")[^@]*:.*@/
const secretInQuery = /([?&][^=&"]*(?:password|passwd|secret|token|key|sig)[^=&"]*=)[^&"]*/gi

const shown = (path: FaultPath, value: unknown): string | null => {
  if (value === undefined) return 'nothing'
  if (maySecret(path)) return null
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a map'
  const text = JSON.stringify(value).replace(beforeHost, '$1…@').replace(secretInQuery, '$1…')
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

// ── Schemas ───────────────────────────────────────────────────────────────────

const words: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  array: 'a list',
}

/** Parses the data by a schema; every issue becomes a fault at its place. An issue's own message says what was expected. */
export const parseBySchema = <S extends z.ZodType>(yaml: PositionedYaml, schema: S): Read<z.output<S>> => {
  const parsed = schema.safeParse(yaml.data)
  if (parsed.success) return { kind: 'ok', value: parsed.data }
  const faults = parsed.error.issues.flatMap((issue) => faultsOfIssue(yaml, schema, issue, []))
  return { kind: 'faults', faults: firstOfEach(faults).toSorted((a, b) => a.line - b.line || a.column - b.column) }
}

/** What is of the wrong type is measured all the same, and that it is too short then means nothing. */
const firstOfEach = (faults: readonly Fault[]): Fault[] => {
  const seen = new Set<string>()
  return faults.filter(({ line, column, path }) => {
    const place = `${line}:${column} ${path}`
    return !seen.has(place) && seen.add(place)
  })
}

type Issue = z.core.$ZodIssue

const faultsOfIssue = (yaml: PositionedYaml, schema: z.ZodType, issue: Issue, parent: FaultPath): Fault[] => {
  const path = [...parent, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))]
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path)
    return issue.keys.map((key) => {
      const meant = nearestWord(key, known)
      const expected = known.length === 0 ? 'no such key' : `one of ${known.join(', ')}`
      const suggestion = meant === null ? 'remove it' : `did you mean ${meant}?`
      return yaml.fault([...path, key], expected, { at: 'key', suggestion })
    })
  }
  if (issue.code === 'invalid_key') {
    return [yaml.fault(path, issue.issues[0]?.message ?? issue.message, { at: 'key' })]
  }
  if (issue.code === 'invalid_union') {
    // The form that the writer meant is the one that fails below its top.
    const meant = issue.errors
      .filter((issues) => issues.some((inner) => inner.path.length > 0 || inner.code !== 'invalid_type'))
      .toSorted((a, b) => a.length - b.length)[0]
    if (meant !== undefined) return meant.flatMap((inner) => faultsOfIssue(yaml, schema, inner, path))
  }
  const value = maySecret(path) ? undefined : valueAt(yaml.data, path)
  return [yaml.fault(path, expectedOf(issue), { suggestion: suggestionOf(issue, value) })]
}

const expectedOf = (issue: Issue): string => {
  const ours = !/^(Invalid|Unrecognized|Too)\b/.test(issue.message)
  if (ours) return issue.message
  switch (issue.code) {
    case 'invalid_type':
      return words[issue.expected] ?? issue.expected
    case 'invalid_value':
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(', ')}`
    case 'too_small':
      return `at least ${issue.minimum}${issue.origin === 'array' ? ' entries' : ''}`
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'array' ? ' entries' : ''}`
    default:
      return issue.message.replace(/^Invalid \w+: (expected )?/, '')
  }
}

const suggestionOf = (issue: Issue, value: unknown): string | null => {
  const scalar = typeof value === 'number' || typeof value === 'boolean'
  // A text of some form (a duration) is not mended by quotes.
  const anyText = issue.code === 'invalid_type' && issue.expected === 'string' && issue.message.startsWith('Invalid')
  const wantsText = anyText || issue.code === 'invalid_union'
  if (wantsText && scalar) return `put it in quotes: "${value}"`
  if (issue.code !== 'invalid_value' || typeof value !== 'string') return null
  const meant = nearestWord(value, issue.values.map(String))
  return meant === null ? null : `did you mean ${meant}?`
}

/** The keys that a schema knows at a path; empty: it can't be told. */
const keysAt = (schema: z.core.$ZodType, path: FaultPath): string[] => {
  const def = schema._zod.def as z.core.$ZodTypes['_zod']['def']
  switch (def.type) {
    case 'object': {
      const [first, ...rest] = path
      if (first === undefined) return Object.keys(def.shape)
      const inner = def.shape[first]
      return inner === undefined ? [] : keysAt(inner, rest)
    }
    case 'record':
      return path.length === 0 ? [] : keysAt(def.valueType, path.slice(1))
    case 'array':
      return path.length === 0 ? [] : keysAt(def.element, path.slice(1))
    case 'union':
      return [...new Set(def.options.flatMap((option) => keysAt(option, path)))]
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return keysAt(def.innerType, path)
    case 'pipe':
      return keysAt(def.in, path)
    default:
      return []
  }
}
