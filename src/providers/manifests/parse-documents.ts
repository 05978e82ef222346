import { CORE_SCHEMA, defineScalarTag, intCoreTag, load, mergeTag, YAMLException } from 'js-yaml'
import type { Document } from '../../kubernetes/read-objects.ts'
import type { Json } from '../../moves/goal.ts'

/** What can't be read, and where. Nothing of the file's text is in it: that may be a secret. */
export type ManifestFault = {
  readonly file: string
  /** From 1; 0: the file as a whole. */
  readonly line: number
  readonly what: string
  readonly suggestion: string | null
}

export type Parsed = { readonly documents: readonly Document[]; readonly faults: readonly ManifestFault[] }

const maxAliases = 1_000
/** Aliases let a small file stand for any number of values; more than this in one document is a mistake or worse. */
const maxNodes = 5_000_000
const maxDepth = 100

/** File modes are written `0644`, which Kubernetes reads as YAML 1.1 does: in octal. */
const wholeNumbers = defineScalarTag<number>('tag:yaml.org,2002:int', {
  implicit: true,
  identify: () => false,
  resolve: (source, isExplicit, tagName) =>
    /^[-+]?0[0-7]+$/.test(source) ? Number.parseInt(source, 8) : intCoreTag.resolve(source, isExplicit, tagName),
})
const schema = CORE_SCHEMA.withTags(mergeTag, wholeNumbers)

/** All documents of one file, YAML or JSON, each with its place; those that can't be read are faults. */
export const parseDocuments = (file: string, text: string): Parsed => {
  const documents: Document[] = []
  const faults: ManifestFault[] = []
  for (const { source, line } of documentsOf(text)) {
    const read = parseOne(source)
    if (read.kind === 'fault') {
      faults.push({ file, line: line + read.line, what: read.what, suggestion: suggestionFor(source) })
    } else if (read.value !== null) {
      documents.push({ value: read.value, place: `${file}:${line + firstLineOf(source)}` })
    }
  }
  return { documents, faults }
}

type Source = { readonly source: string; readonly line: number }

/**
 * The documents of a text, and the line (from 0) that each begins in. A line that begins with `---` begins a document
 * wherever it stands: text inside of one is always indented.
 */
function* documentsOf(text: string): Generator<Source> {
  let from = 0
  let line = 0
  // Answers of `aws` in one file are JSON after JSON.
  const marks = /^---(?=\s|$)|(?<=^\}[^\S\n]*\n)(?=\{)/gm
  for (let mark = marks.exec(text); ; mark = marks.exec(text)) {
    const to = mark?.index ?? text.length
    const source = text.slice(from, to)
    if (/\S/.test(source)) yield { source, line }
    if (mark === null) return
    if (mark[0] === '') marks.lastIndex += 1
    line += linesIn(text, from, to)
    from = to
  }
}

const linesIn = (text: string, from: number, to: number): number => {
  let lines = 0
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) lines += 1
  return lines
}

/** The first line that says anything, from 1. */
const firstLineOf = (source: string): number => {
  const [before = ''] = /^(?:\s*(?:#[^\n]*|---[^\S\n]*(?:#[^\n]*)?|%[^\n]*)?(?:\n|$))*/.exec(source) ?? []
  return linesIn(before, 0, before.length) + 1
}

type One =
  | { readonly kind: 'ok'; readonly value: Json }
  | { readonly kind: 'fault'; readonly line: number; readonly what: string }

const parseOne = (source: string): One => {
  const json = parseJson(source)
  if (json !== undefined) return { kind: 'ok', value: json }
  try {
    // The schema gives JSON's kinds of values and no others.
    const value = load(source, { schema, maxAliases, maxDepth }) as Json
    if (/&\w/.test(source) && tooMany(value)) {
      return { kind: 'fault', line: 1, what: `its aliases stand for more than ${maxNodes} values` }
    }
    return { kind: 'ok', value }
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    if (isEmpty(source)) return { kind: 'ok', value: null }
    return { kind: 'fault', line: (error.mark?.line ?? 0) + 1, what: `not YAML: ${withoutContent(error.reason)}` }
  }
}

const isEmpty = (source: string): boolean => /^(\s*(#[^\n]*|---[^\S\n]*(#[^\n]*)?|\.\.\.)?(\n|$))*$/.test(source)

/** Reading JSON as YAML takes ten times as long. */
const parseJson = (source: string): Json | undefined => {
  const text = source.replace(/^---[^\S\n]*\n/, '')
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    return JSON.parse(text) as Json // what JSON.parse gives is JSON
  } catch {
    return undefined
  }
}

/** The reasons of the parser quote names of aliases and tags, which are text of the file. */
const withoutContent = (reason: string): string => reason.replaceAll(/"[^"]*"|<[^>]*>|'[^']*'/g, '…')

const suggestionFor = (source: string): string | null => {
  if (/\{\{[-\s]/.test(source) || source.includes('{{.')) {
    return 'it looks like a template: render it first, as in "helm template CHART | titrate check --manifests -"'
  }
  return /^[ ]*\t/m.test(source) ? 'indent with spaces: YAML allows no tabs there' : null
}

const tooMany = (value: Json): boolean => {
  let nodes = 0
  const left: Json[] = [value]
  for (let one = left.pop(); one !== undefined; one = left.pop()) {
    nodes += 1
    if (nodes > maxNodes) return true
    if (typeof one === 'object' && one !== null) for (const inner of Object.values(one)) left.push(inner)
  }
  return false
}
