import type { ClusterRead } from '../clusters/cluster-read.ts'
import { splitObjects } from '../clusters/split-objects.ts'
import { usedObjects } from '../clusters/used-objects.ts'
import { nearestWord } from '../config/nearest.ts'
import { TitrateError } from '../errors.ts'
import { isCompared } from '../parity/kubernetes/pair-objects.ts'
import type { NamespacesAsked, SideAsked, SidesAsked } from './cluster-sides.ts'
import type { Deps, OpenCluster } from './deps.ts'

export type SidesRead = {
  readonly blue: ClusterRead
  readonly green: { readonly read: ClusterRead; readonly cluster: OpenCluster } | null
  /** Blue's namespaces, and what they are called on green. */
  readonly namespaces: ReadonlyMap<string, string>
}

/** Opens the clusters of both sides (one, where they are the same), reads them, and closes them after the work. */
export const withSides = async <T>(
  deps: Deps,
  sides: SidesAsked,
  requestsPerSecond: number | null,
  work: (read: SidesRead) => Promise<T>,
): Promise<T> => {
  const opened: OpenCluster[] = []
  const open = async ({ context, kubeconfig }: SideAsked): Promise<OpenCluster> => {
    const cluster = await deps.openCluster({ context, kubeconfig, requestsPerSecond })
    opened.push(cluster)
    return cluster
  }
  try {
    const blue = await open(sides.blue)
    if (sides.green === null) {
      const read = await readSide(blue, namesOf(sides.blue.namespaces, blue))
      return await work({ blue: read, green: null, namespaces: new Map() })
    }
    const isSame = sides.green.context === sides.blue.context && sides.green.kubeconfig === sides.blue.kubeconfig
    const green = isSame ? blue : await open(sides.green)
    return await work(await readBoth(sides, sides.green, blue, green))
  } finally {
    await Promise.all(opened.map((cluster) => cluster.close()))
  }
}

/** One cluster, for as long as the work lasts. */
export const withCluster = async <T>(
  deps: Deps,
  { context, kubeconfig }: SideAsked,
  requestsPerSecond: number | null,
  work: (cluster: OpenCluster) => Promise<T>,
): Promise<T> => {
  const cluster = await deps.openCluster({ context, kubeconfig, requestsPerSecond })
  try {
    return await work(cluster)
  } finally {
    await cluster.close()
  }
}

const namesOf = (asked: NamespacesAsked, { namespace }: OpenCluster): readonly string[] | null => {
  switch (asked.kind) {
    case 'named':
      return asked.names
    case 'all':
      return null
    case 'context':
      return [namespace ?? 'default']
    default:
      return asked satisfies never
  }
}

/** What is looked at has to be there; what it moves to need not be. */
const readSide = async (cluster: OpenCluster, names: readonly string[] | null): Promise<ClusterRead> => {
  const read = await cluster.read(names)
  const missing = [...read.namespaces].flatMap(([name, state]) => (state === 'missing' ? [name] : []))
  const [first] = missing
  // What green has beyond that may be what blue's objects need there, so only this side is cut.
  if (first === undefined) return { ...read, objects: usedObjects(read.objects, new Set(read.namespaces.keys())) }
  const there = await cluster.namespaces()
  const close = nearestWord(first, there)
  const known = there.length === 0 ? '' : ` It has: ${there.slice(0, 20).join(', ')}${there.length > 20 ? ', …' : ''}.`
  throw new TitrateError(
    'USAGE',
    `There is no namespace ${first} on ${cluster.name}.${known}${close === null ? '' : ` Did you mean ${close}?`}`,
  )
}

const readBoth = async (
  { blue: onBlue, split }: SidesAsked,
  onGreen: SideAsked,
  blue: OpenCluster,
  green: OpenCluster,
): Promise<SidesRead> => {
  const names = namesOf(onBlue.namespaces, blue)
  if (split !== null) {
    const both = await readSide(blue, names)
    const objects = splitObjects(both.objects, split)
    const same = new Map([...both.namespaces.keys()].map((name) => [name, name]))
    const read = { ...both, objects: objects.green }
    return { blue: { ...both, objects: objects.blue }, green: { read, cluster: green }, namespaces: same }
  }
  const others = namesOf(onGreen.namespaces, green)
  const [first, second] = await Promise.all([readSide(blue, names), green.read(others)])
  if (names === null || others === null) {
    const used = new Set(first.objects.filter(isCompared).flatMap(({ namespace }) => namespace ?? []))
    const same = new Map([...used].map((name) => [name, name]))
    return { blue: first, green: { read: within(second, used), cluster: green }, namespaces: same }
  }
  const pairs = new Map(names.map((name, index) => [name, others[index] ?? name]))
  return { blue: first, green: { read: second, cluster: green }, namespaces: pairs }
}

/** Of a whole cluster only the namespaces that matter; those that are not there are named as missing. */
const within = (read: ClusterRead, used: ReadonlySet<string>): ClusterRead => ({
  ...read,
  namespaces: new Map([...used].toSorted().map((name) => [name, read.namespaces.get(name) ?? 'missing'])),
  objects: read.objects.filter(({ namespace }) => namespace === null || used.has(namespace)),
})
