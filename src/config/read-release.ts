import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { normalise } from './normalise.ts'
import {
  type Fault,
  type FaultPath,
  type PositionedYaml,
  parseBySchema,
  type Read,
  readPositionedYaml,
} from './positioned-yaml.ts'
import type { ResolvedRelease } from './release.ts'
import { releaseSchema, type WrittenRelease } from './release-schema.ts'
import { checkRules, checkServiceNames } from './rules.ts'

/** A release file that is right in itself. `written` and `yaml` are kept to place faults that show up later. */
export type ReleaseFile = {
  readonly release: ResolvedRelease
  readonly written: WrittenRelease
  readonly yaml: PositionedYaml
}

/** Reads, parses, checks and normalises a release file. All faults at once, in the order of the file. */
export const readRelease = (path: string): Read<ReleaseFile> => {
  const read = readPositionedYaml(path)
  if (read.kind === 'faults') return read
  const yaml = read.value
  const parsed = parseBySchema(yaml, releaseSchema)
  const written = parsed.kind === 'ok' ? parsed.value : partThatParses(yaml.data)
  const named = written === null ? { files: {}, faults: [] } : namedFiles(written, yaml, path)
  const faults = [
    ...(parsed.kind === 'ok' ? [] : parsed.faults),
    ...(written === null ? [] : checkRules(written, yaml)),
    ...named.faults,
  ]
  if (parsed.kind === 'faults' || faults.length > 0) return { kind: 'faults', faults: inOrder(faults) }
  const files = { [nameOf(path)]: sha256(Buffer.from(yaml.text)), ...named.files }
  return { kind: 'ok', value: { release: normalise(parsed.value, resolve(path), files), written: parsed.value, yaml } }
}

/** What can only be told beside the environments: every service that the file names must be in one of them. */
export const checkAgainstEstate = (file: ReleaseFile, serviceNames: readonly string[]): readonly Fault[] =>
  inOrder(checkServiceNames(file.written, file.yaml, serviceNames))

const inOrder = (faults: readonly Fault[]): Fault[] => {
  const seen = new Set<string>()
  return faults
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .filter((fault) => {
      const key = JSON.stringify([fault.line, fault.column, fault.path, fault.expected])
      return !seen.has(key) && seen.add(key)
    })
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** As for the release file itself. */
const maxNamedBytes = 1_000_000

/**
 * The environments' and the router's file, which must be there: what is in them is for their providers to read.
 * A kubeconfig must be there too, but is not part of what was agreed on: logging in anew changes it.
 */
const namedFiles = (
  written: WrittenRelease,
  yaml: PositionedYaml,
  path: string,
): { readonly files: Readonly<Record<string, string>>; readonly faults: readonly Fault[] } => {
  const files: Record<string, string> = {}
  const faults: Fault[] = []
  for (const key of ['blue', 'green', 'router'] as const) {
    const name = written[key]
    // Placeholders of `partThatParses` are not in the file.
    if (typeof name !== 'string' || !isThere(yaml.data, key)) continue
    const whole = resolve(dirname(path), name)
    const read = hashOf(whole)
    if (read.kind === 'ok') files[name] = read.value
    else faults.push(yaml.fault([key], `a file that can be read, but ${whole} ${read.because}`))
  }
  for (const key of ['blue', 'green'] as const) {
    const side = written[key]
    const name = typeof side === 'string' ? undefined : side.kubernetes.kubeconfig
    const whole = name === undefined ? null : resolve(dirname(path), name)
    const read = whole === null ? null : hashOf(whole)
    if (read?.kind === 'refused')
      faults.push(
        yaml.fault([key, 'kubernetes', 'kubeconfig'], `a file that can be read, but ${whole} ${read.because}`),
      )
  }
  return { files, faults }
}

const isThere = (data: unknown, key: string): boolean =>
  typeof data === 'object' && data !== null && typeof (data as Readonly<Record<string, unknown>>)[key] === 'string' // an object, as just seen

const hashOf = (
  file: string,
): { readonly kind: 'ok'; readonly value: string } | { readonly kind: 'refused'; readonly because: string } => {
  try {
    const stats = statSync(file)
    if (!stats.isFile()) return { kind: 'refused', because: stats.isDirectory() ? 'is a directory' : 'is not a file' }
    if (stats.size > maxNamedBytes) return { kind: 'refused', because: `has more than ${maxNamedBytes} bytes` }
    return { kind: 'ok', value: sha256(readFileSync(file)) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { kind: 'refused', because: code === 'ENOENT' ? 'does not exist' : `gives ${code}` }
  }
}

// ── What is left when the faults of shape are taken out ───────────────────────

/** In place of what is missing or wrong at the top and can't be left out. */
const placeholders = {
  apiVersion: 'titrate.dev/v1alpha1',
  kind: 'Release',
  name: 'release',
  blue: 'blue.yaml',
  green: 'green.yaml',
} as const

const maxRounds = 20

/**
 * The rules need a file whose shape is right. So that all faults are told at once, what is wrong in shape is taken
 * out, and the rules look at the rest. null: too little is left.
 */
const partThatParses = (data: unknown): WrittenRelease | null => {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null
  let rest: unknown = structuredClone(data)
  for (let round = 0; round < maxRounds; round++) {
    const parsed = releaseSchema.safeParse({ ...placeholders, ...(rest as object) }) // an object, as above, at every round
    if (parsed.success) return parsed.data
    const wrong = new Map<string, FaultPath>()
    for (const issue of parsed.error.issues) {
      const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
      const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
      for (const one of paths) wrong.set(JSON.stringify(one), one)
    }
    for (const path of wrong.values()) rest = without(rest, path)
  }
  return null
}

/** A list keeps its length, so that positions hold: what is wrong in it takes the whole list out. */
const without = (data: unknown, path: FaultPath): unknown => {
  const holder = holderOf(data, path.slice(0, -1))
  const last = path.at(-1)
  if (last === undefined) return {}
  if (holder === null) return data
  if (Array.isArray(holder)) return without(data, path.slice(0, -1))
  // A key that is missing makes the whole map wrong; at the top, a placeholder stands in.
  if (!Object.hasOwn(holder, last) && path.length > 1) return without(data, path.slice(0, -1))
  Reflect.deleteProperty(holder, last)
  return data
}

const holderOf = (data: unknown, path: FaultPath): object | null => {
  let value = data
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return null
    value = (value as Readonly<Record<string | number, unknown>>)[part] // an object that has this key, as just seen
  }
  return typeof value === 'object' ? value : null
}
