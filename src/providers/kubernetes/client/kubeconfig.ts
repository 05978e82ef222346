import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { nearestWord } from '../../../config/nearest.ts'
import { TitrateError } from '../../../errors.ts'
import type { ClusterEntry } from './cluster-entry.ts'
import { inClusterEntry } from './in-cluster.ts'
import {
  type ClusterKeys,
  type ContextKeys,
  type KubeconfigFile,
  kubeconfigSchema,
  type UserKeys,
} from './kubeconfig-schema.ts'

export type KubeconfigSource = {
  /** null: `KUBECONFIG`, then `~/.kube/config`, then the service account of the pod that this runs in. */
  readonly file: string | null
  /** null: the current context. */
  readonly context: string | null
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Finds a context and what belongs to it. Reads again on each call, so a renewed file counts. Throws `KUBECONFIG`. */
export const readClusterEntry = async (source: KubeconfigSource): Promise<ClusterEntry> => {
  const files = filesOf(source)
  const found = (await Promise.all(files.map(readFileOf))).filter((each) => each !== null)
  if (found.length === 0) {
    const inCluster = source.file === null && source.context === null ? await inClusterEntry(source.environment) : null
    if (inCluster !== null) return inCluster
    throw fault(
      `There is no kubeconfig at ${files.join(' or ')}.`,
      'Set KUBECONFIG, or name the file in the environment.',
    )
  }
  const merged = merge(found)
  return entryIn(merged, source.context ?? merged.current, files)
}

const filesOf = ({ file, environment }: KubeconfigSource): readonly string[] => {
  if (file !== null) return [resolve(file)]
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((each) => each !== '')
  return listed.length > 0 ? listed : [join(environment['HOME'] ?? homedir(), '.kube', 'config')]
}

const fault = (what: string, advice: string): TitrateError => new TitrateError('KUBECONFIG', `${what} ${advice}`)

const readFileOf = async (file: string): Promise<KubeconfigFile | null> => {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ENOENT') return null
    throw fault(`The kubeconfig ${file} cannot be read (${String(code)}).`, 'Check whose file it is.')
  }
  return withAbsolutePaths(parseFile(text, file), dirname(file))
}

/** What is wrong is told by its place only: the lines of a kubeconfig are secrets. */
const parseFile = (text: string, file: string): KubeconfigFile => {
  let read: unknown
  try {
    read = parse(text, { prettyErrors: false }) ?? {}
  } catch {
    throw fault(`The kubeconfig ${file} is not YAML.`, `'kubectl config view' shows where.`)
  }
  const parsed = kubeconfigSchema.safeParse(read)
  if (parsed.success) return parsed.data
  const places = parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole file')
  throw fault(`The kubeconfig ${file} has faults at: ${places.join(', ')}.`, `'kubectl config view' shows the file.`)
}

const pathKeys = ['client-certificate', 'client-key', 'tokenFile', 'certificate-authority'] as const

/** Paths in a kubeconfig are relative to its folder, as is the command of a credential helper that has a slash in it. */
const withAbsolutePaths = (file: KubeconfigFile, folder: string): KubeconfigFile => {
  const absolute = <T extends object>(keys: T): T => {
    const entries = Object.entries(keys).map(([key, value]: [string, unknown]) =>
      pathKeys.some((each) => each === key) && typeof value === 'string' && value !== ''
        ? [key, resolve(folder, value)]
        : [key, value],
    )
    // The same keys with values of the same kind.
    return Object.fromEntries(entries) as T
  }
  const userOf = (user: UserKeys): UserKeys => {
    const { exec } = user
    if (exec == null || !/[/\\]/.test(exec.command) || isAbsolute(exec.command)) return absolute(user)
    return { ...absolute(user), exec: { ...exec, command: resolve(folder, exec.command) } }
  }
  return {
    ...file,
    clusters: file.clusters.map((each) => ({ ...each, cluster: absolute(each.cluster) })),
    users: file.users.map((each) => ({ ...each, user: each.user == null ? null : userOf(each.user) })),
  }
}

type Merged = {
  readonly clusters: ReadonlyMap<string, ClusterKeys>
  readonly users: ReadonlyMap<string, UserKeys>
  readonly contexts: ReadonlyMap<string, ContextKeys>
  readonly current: string | null
}

/** As kubectl does it: of two entries of one name, the first counts. */
const merge = (files: readonly KubeconfigFile[]): Merged => {
  const firstOf = <T>(entries: readonly (readonly [string, T])[]) => new Map(entries.toReversed())
  const current = files.map((each) => each['current-context']).find((each) => each != null && each !== '')
  return {
    clusters: firstOf(files.flatMap(({ clusters }) => clusters.map((each) => [each.name, each.cluster] as const))),
    users: firstOf(files.flatMap(({ users }) => users.map((each) => [each.name, each.user ?? {}] as const))),
    contexts: firstOf(files.flatMap(({ contexts }) => contexts.map((each) => [each.name, each.context] as const))),
    current: current ?? null,
  }
}

const entryIn = (merged: Merged, wanted: string | null, files: readonly string[]): ClusterEntry => {
  const where = files.join(', ')
  const names = [...merged.contexts.keys()].toSorted()
  const there = names.length === 0 ? 'It has no context at all.' : `It has: ${names.join(', ')}.`
  if (wanted === null) throw fault(`No context was named, and the kubeconfig (${where}) has no current one.`, there)
  const context = merged.contexts.get(wanted)
  if (context === undefined) {
    const close = nearestWord(wanted, names)
    throw fault(
      `Context ${wanted} is not in the kubeconfig (${where}).`,
      `${there}${close === null ? '' : ` Did you mean ${close}?`}`,
    )
  }
  const cluster = merged.clusters.get(context.cluster)
  if (cluster === undefined) {
    throw fault(
      `Context ${wanted} names cluster ${context.cluster}, which the kubeconfig (${where}) does not have.`,
      'Correct one of them.',
    )
  }
  const user = context.user == null || context.user === '' ? {} : merged.users.get(context.user)
  if (user === undefined) {
    throw fault(
      `Context ${wanted} names user ${context.user}, which the kubeconfig (${where}) does not have.`,
      'Correct one of them.',
    )
  }
  return { context: wanted, namespace: context.namespace || null, cluster, user }
}
