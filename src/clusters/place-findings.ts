import type { KubernetesObject } from '../kubernetes/object.ts'
import type { GreenPlaces } from '../parity/kubernetes/expected-object.ts'
import { isCompared } from '../parity/kubernetes/pair-objects.ts'
import type { PlatformFinding } from '../platform/rule.ts'
import type { ClusterRead } from './cluster-read.ts'
import { clusterFinding } from './cluster-rules.ts'
import { isOfEstate } from './comparable.ts'

/** Whether green has a place for what is on blue: its namespaces, its kinds, a version that fits. */
export const placeFindings = (
  blue: Pick<ClusterRead, 'version' | 'name' | 'namespaces'>,
  objects: readonly KubernetesObject[],
  green: ClusterRead,
  places: GreenPlaces,
): readonly PlatformFinding[] => {
  const estate = objects.filter((object) => isOfEstate(blue, object))
  return [
    ...namespaceFindings(green),
    ...kindFindings(estate, green),
    ...versionFindings(blue, green),
    ...emptyFinding(green, estate, places),
  ]
}

export const namespaceFindings = ({ namespaces, name: cluster }: ClusterRead): readonly PlatformFinding[] =>
  [...namespaces].flatMap(([name, state]) => {
    const object = { kind: 'Namespace', namespace: null, name }
    if (state === 'missing')
      return [clusterFinding('KC01', object, 'metadata.name', `${cluster} has no namespace ${name}`)]
    if (state !== 'being deleted') return []
    return [
      clusterFinding('KC02', object, 'metadata.deletionTimestamp', `namespace ${name} of ${cluster} is being deleted`),
    ]
  })

/** Kinds and versions of blue's objects that green doesn't serve. */
const kindFindings = (estate: readonly KubernetesObject[], green: ClusterRead): readonly PlatformFinding[] => {
  const served = new Map(green.served.map((one) => [one.sort, one]))
  const bySort = Map.groupBy(estate.filter(isCompared), ({ sort }) => sort)
  return [...bySort].flatMap(([sort, objects]) => {
    const [first] = objects
    if (first === undefined) return []
    const known = served.get(sort)
    const version = first.apiVersion.split('/').at(-1) ?? ''
    if (known?.versions.includes(version) === true) return []
    const there = known === undefined ? 'does not know it' : `serves it as ${known.versions.join(', ')} only`
    const message = `blue has ${objects.length} of ${first.kind} (${first.apiVersion}), and ${green.name} ${there}`
    return [clusterFinding('KC03', `kind ${sort}`, 'apiVersion', message)]
  })
}

const minorOf = (version: string): number => Number(/^v?\d+\.(\d+)/.exec(version)?.[1] ?? Number.NaN)

const versionFindings = (
  blue: Pick<ClusterRead, 'version' | 'name'>,
  green: ClusterRead,
): readonly PlatformFinding[] => {
  const [from, to] = [minorOf(blue.version), minorOf(green.version)]
  // One minor version apart is how clusters are upgraded; going back is not.
  if (Number.isNaN(from - to) || (to >= from && to - from <= 1)) return []
  const message = `${blue.name} runs Kubernetes ${blue.version}, ${green.name} runs ${green.version}`
  return [clusterFinding('KC07', `cluster ${green.name}`, 'version', message)]
}

const emptyFinding = (
  { namespaces, objects, name }: ClusterRead,
  estate: readonly KubernetesObject[],
  places: GreenPlaces,
): readonly PlatformFinding[] => {
  const isThere = [...namespaces.values()].some((state) => state === 'there')
  const own = objects.filter((object) => object.namespace !== null && isCompared(object))
  const wanted = estate.filter((object) => object.namespace !== null && isCompared(object))
  if (!isThere || own.length > 0 || wanted.length === 0) return []
  const where = [...new Set(wanted.map(({ namespace }) => places.namespace(namespace ?? '')))].join(', ')
  return [clusterFinding('KC11', `cluster ${name}`, 'metadata.namespace', `nothing is in ${where} of ${name} yet`)]
}
