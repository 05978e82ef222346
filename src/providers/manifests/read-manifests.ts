import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { TitrateError } from '../../errors.ts'
import { isMap } from '../../kubernetes/json.ts'
import type { Document } from '../../kubernetes/read-objects.ts'
import type { Json } from '../../moves/goal.ts'
import { type ManifestFault, parseDocuments } from './parse-documents.ts'

/** Larger files are not read: what is in them would not fit into memory several times over. */
const maxBytes = 256 * 2 ** 20
const endings = /\.(ya?ml|json)$/i

export type ManifestsRead = {
  readonly documents: readonly Document[]
  /** Files that were read. */
  readonly files: number
  readonly notes: readonly string[]
}

export type Input = AsyncIterable<Uint8Array | string>

/**
 * Reads all manifests of a folder, of one file, or (`-`) of standard input: YAML and JSON, several documents a file, lists.
 * Throws MANIFESTS with all faults at once, or USAGE where there is nothing to read.
 */
export const readManifests = async (
  path: string,
  shown: string,
  input: Input,
  what: 'manifests' | 'facts' = 'manifests',
): Promise<ManifestsRead> => {
  const { files, notes } = path === '-' ? { files: ['-'], notes: [] } : await filesIn(path, shown)
  const documents: Document[] = []
  const faults: ManifestFault[] = []
  for (const file of files) {
    const name = file === '-' ? 'stdin' : nameOf(path, file, shown)
    const read = file === '-' ? await readInput(input) : await readText(file)
    if (read.kind === 'fault') {
      faults.push({ file: name, line: 0, what: read.what, suggestion: read.suggestion })
      continue
    }
    const parsed = parseDocuments(name, read.text)
    faults.push(...parsed.faults)
    for (const document of parsed.documents) documents.push(withoutManagedFields(document))
  }
  if (faults.length > 0) throw faultsError(faults)
  if (documents.length === 0 && what === 'facts') {
    throw new TitrateError(
      'USAGE',
      `There are no facts in ${shown}: expected .json files with answers of "aws … --output json".`,
    )
  }
  if (documents.length === 0) {
    throw new TitrateError(
      'USAGE',
      path === '-'
        ? 'Nothing came on standard input; expected manifests, as in "helm template CHART | titrate check --manifests -".'
        : `There are no manifests in ${shown}: expected .yaml, .yml or .json files with objects of Kubernetes.`,
    )
  }
  return { documents, files: files.length, notes }
}

const nameOf = (root: string, file: string, shown: string): string => {
  const inside = relative(root, file)
  return inside === '' ? shown : join(shown, inside)
}

const filesIn = async (
  path: string,
  shown: string,
): Promise<{ files: readonly string[]; notes: readonly string[] }> => {
  const stats = await stat(path).catch(() => null)
  if (stats === null) {
    throw new TitrateError('USAGE', `There is no ${shown}; expected a folder, a file, or - for standard input.`)
  }
  if (!stats.isDirectory()) return { files: [path], notes: [] }
  const files: string[] = []
  const notes: string[] = []
  const walk = async (folder: string): Promise<void> => {
    const entries = (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      const file = join(folder, entry.name)
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      // Links to files are followed, those to folders are not: they may lead in a circle.
      if (entry.isDirectory()) await walk(file)
      else if (isBuildFile(entry.name)) notes.push(`${nameOf(path, file, shown)}: ${isBuildFile(entry.name)}`)
      else if (endings.test(entry.name)) files.push(file)
    }
  }
  await walk(path)
  return { files, notes }
}

const isBuildFile = (name: string): string | null => {
  if (/^kustomization\.ya?ml$/i.test(name)) {
    return 'not built; for what it makes: "kubectl kustomize DIR | titrate check --manifests -"'
  }
  return /^(Chart|values)\.ya?ml$/.test(name)
    ? 'left out: it belongs to a Helm chart; for what it makes: "helm template DIR | titrate check --manifests -"'
    : null
}

type Text =
  | { readonly kind: 'ok'; readonly text: string }
  | { readonly kind: 'fault'; readonly what: string; readonly suggestion: string | null }

const readText = async (file: string): Promise<Text> => {
  try {
    const stats = await stat(file)
    if (!stats.isFile()) return { kind: 'fault', what: 'no file', suggestion: null }
    if (stats.size > maxBytes) return tooLarge(stats.size)
    return textOf(await readFile(file))
  } catch (error) {
    return { kind: 'fault', what: `it can't be read (${codeOf(error)})`, suggestion: null }
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'

const readInput = async (input: Input): Promise<Text> => {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of input) {
    const bytes = Buffer.from(part)
    size += bytes.length
    if (size > maxBytes) return tooLarge(size)
    parts.push(bytes)
  }
  return textOf(Buffer.concat(parts))
}

const tooLarge = (size: number): Text => ({
  kind: 'fault',
  what: `found ${Math.ceil(size / 2 ** 20)} MB, expected at most ${maxBytes / 2 ** 20} MB`,
  suggestion: 'give it in several files, or leave out what needn’t be looked at',
})

const textOf = (bytes: Buffer): Text => {
  if (bytes.includes(0)) {
    return { kind: 'fault', what: 'found bytes that are no text, expected UTF-8', suggestion: 'save it as UTF-8' }
  }
  try {
    return { kind: 'ok', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { kind: 'fault', what: 'not UTF-8', suggestion: 'save it as UTF-8' }
  }
}

/** They are often half of what a cluster prints, and say nothing that is looked at. */
const withoutManagedFields = ({ value, place }: Document): Document => ({ value: stripped(value), place })

const stripped = (value: Json): Json => {
  if (!isMap(value)) return value
  const { items } = value
  if (Array.isArray(items)) return { ...value, items: (items as readonly Json[]).map(stripped) } // an array of JSON holds JSON
  const { metadata } = value
  if (!isMap(metadata) || !Object.hasOwn(metadata, 'managedFields')) return value
  const { managedFields: _, ...rest } = metadata
  return { ...value, metadata: rest }
}

const mostShown = 50

const faultsError = (faults: readonly ManifestFault[]): TitrateError => {
  const lines = faults.slice(0, mostShown).map(({ file, line, what, suggestion }) => {
    const place = line === 0 ? file : `${file}:${line}`
    return `  ${place}: ${what}${suggestion === null ? '' : `\n    = ${suggestion}`}`
  })
  const more = faults.length > mostShown ? `\n  and ${faults.length - mostShown} more` : ''
  const count = faults.length === 1 ? 'is one fault' : `are ${faults.length} faults`
  return new TitrateError(
    'MANIFESTS',
    `There ${count} in what was given to check, to put right:\n${lines.join('\n')}${more}`,
    {
      details: { faults },
    },
  )
}
