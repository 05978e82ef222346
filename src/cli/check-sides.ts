import { checkPlatformOn } from '../clusters/check-platform-on.ts'
import type { ClusterRead } from '../clusters/cluster-read.ts'
import { isOfClusters, once } from '../clusters/cluster-rules.ts'
import { comparable } from '../clusters/comparable.ts'
import { futureObjects } from '../clusters/future-objects.ts'
import { namespaceFindings, placeFindings } from '../clusters/place-findings.ts'
import { refusalFindings } from '../clusters/refusal-findings.ts'
import { roomFindings } from '../clusters/room-findings.ts'
import { nameInSplit } from '../clusters/split-objects.ts'
import type { EnvironmentSeen } from '../inventory/estate.ts'
import type { Digest } from '../inventory/kubernetes/definition.ts'
import { readEnvironment } from '../inventory/kubernetes/read-environment.ts'
import { takeInventory } from '../inventory/take-inventory.ts'
import { indexObjects, type KubernetesIndex } from '../kubernetes/index-objects.ts'
import type { Change } from '../parity/kubernetes/changes.ts'
import { compareObjects, type ObjectsParity, type ObjectsParityInput } from '../parity/kubernetes/compare-objects.ts'
import type { DryRun } from '../parity/kubernetes/compare-pair.ts'
import { type DryRunRequest, dryRunRequests } from '../parity/kubernetes/dry-run-requests.ts'
import type { NotChecked, PlatformReport } from '../platform/check-platform.ts'
import type { Platform } from '../platform/platforms.ts'
import type { PlatformFinding } from '../platform/rule.ts'
import { applyWaivers } from '../platform/waivers.ts'
import {
  type Applied,
  type ClusterView,
  type ManifestsView,
  ofOneSide,
  viewManifests,
} from '../views/manifests-view.ts'
import type { SidesAsked } from './cluster-sides.ts'
import type { Deps, OpenCluster } from './deps.ts'
import { placesOf } from './green-places.ts'
import type { Agreed, Facts } from './read-agreed.ts'
import { type SidesRead, withCluster, withSides } from './read-sides.ts'

export type SidesChecked = { readonly view: ManifestsView; readonly parity: ObjectsParity | null }

export type Asked = {
  readonly sides: SidesAsked
  readonly requestsPerSecond: number | null
  readonly platform: Platform | null
  readonly facts: Facts
  readonly agreed: Agreed
  readonly digest: Digest
}

/** What came of writing what is unexplained to green. */
export const applyToGreen = (
  deps: Deps,
  { sides, requestsPerSecond }: Asked,
  changes: readonly Change[],
): Promise<readonly Applied[]> =>
  withCluster(deps, sides.green ?? sides.blue, requestsPerSecond, async (green) => {
    const applied = await green.apply(changes.filter(({ leave }) => leave === null))
    const left = changes.flatMap(({ object, leave }): readonly Applied[] =>
      leave === null ? [] : [{ object, outcome: 'left', because: leave }],
    )
    return [...applied, ...left]
  })

/** What one cluster, or two sides, have to say for themselves before anything moves. */
export const checkSides = (deps: Deps, asked: Asked): Promise<SidesChecked> =>
  withSides(deps, asked.sides, asked.requestsPerSecond, async (read) =>
    read.green === null ? checkOne(deps, asked, read.blue) : checkBoth(deps, asked, read, read.green),
  )

const checkOne = (deps: Deps, asked: Asked, read: ClusterRead): SidesChecked => {
  const index = indexObjects(read.objects)
  const now = deps.now()
  const seen = readEnvironment(index, { name: read.name, readAt: now, digest: asked.digest })
  const nobody: EnvironmentSeen = { name: 'green', provider: 'kubernetes', readAt: now, services: [] }
  const view = viewManifests({
    index,
    files: 0,
    notes: [...asked.agreed.notes, ...asked.facts.notes],
    estate: takeInventory({ blue: seen, green: nobody, overrides: asked.agreed.overrides }),
    platform: platformOf(asked, index, read, now),
    parity: null,
    clusters: {
      read: [clusterView(null, read)],
      ...waived(asked, namespaceFindings(read), now),
      notChecked: notCheckedOf(read),
    },
  })
  return { view: ofOneSide(view), parity: null }
}

const checkBoth = async (
  deps: Deps,
  asked: Asked,
  { blue, namespaces }: SidesRead,
  { read: green, cluster }: { readonly read: ClusterRead; readonly cluster: OpenCluster },
): Promise<SidesChecked> => {
  const { agreed, digest, platform, facts, sides } = asked
  const now = deps.now()
  const moved = (name: string): string => namespaces.get(name) ?? name
  const [onBlue, onGreen] = [indexObjects(blue.objects), indexObjects(green.objects)]
  const compared = comparable(blue, green, moved)
  const input: Omit<ObjectsParityInput, 'dryRuns'> = {
    blue: indexObjects(compared.blue),
    green: indexObjects(compared.green),
    places: placesOf(onBlue, namespaces, agreed.overrides, nameInSplit(green.objects, sides.split)),
    rules: agreed.parity,
    digest,
    platform,
    now,
    split: sides.split,
  }
  const { requests, notAsked } = dryRunRequests(input)
  const places = placeFindings(blue, blue.objects, green, input.places)
  const room = roomFindings({
    blue: onBlue,
    green: onGreen,
    places: input.places,
    isFargate: platform === 'eks-fargate',
    unread: new Set(green.notRead.map(({ sort }) => sort)),
  })
  const dryRuns = await dryRun(cluster, green, requests)
  const parity = compareObjects({ ...input, dryRuns: new Map([...notAsked, ...dryRuns]) })
  const read = (side: ClusterRead, index: KubernetesIndex) =>
    readEnvironment(index, { name: side.name, readAt: now, digest })
  const future = indexObjects(futureObjects(onBlue, onGreen, input.places, agreed.parity.rewrites))
  const view = viewManifests({
    index: indexObjects([...blue.objects, ...green.objects]),
    files: 0,
    notes: [...agreed.notes, ...facts.notes],
    estate: takeInventory({
      blue: read(blue, onBlue),
      green: read(green, onGreen),
      overrides: agreed.overrides,
    }),
    platform: platformOf(asked, future, green, now),
    parity,
    clusters: {
      read: [clusterView('blue', blue), clusterView('green', green)],
      ...waived(asked, once([...places, ...room.findings, ...refusalFindings(requests, dryRuns)]), now),
      notChecked: [...notCheckedOf(blue), ...notCheckedOf(green), ...room.notChecked],
    },
  })
  return { view, parity }
}

/** What is to be asked where there is nowhere to put it is not asked: the missing place is told once. */
const dryRun = async (
  cluster: OpenCluster,
  { namespaces }: ClusterRead,
  requests: readonly DryRunRequest[],
): Promise<ReadonlyMap<string, DryRun>> => {
  const closed = new Map<string, DryRun>()
  const open = requests.filter(({ key, manifest }) => {
    const metadata = manifest['metadata']
    const namespace: unknown =
      typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'namespace') : null
    const state = typeof namespace === 'string' ? namespaces.get(namespace) : undefined
    if (state !== 'missing' && state !== 'being deleted') return true
    const because = `its namespace on green is ${state}`
    closed.set(key, { kind: 'refused', because, why: 'not asked' })
    return false
  })
  return new Map([...closed, ...(await cluster.dryRun(open))])
}

const waived = ({ agreed }: Asked, findings: readonly PlatformFinding[], now: number) =>
  applyWaivers(findings, agreed.platform.filter(isOfClusters), now)

const platformOf = (
  { platform, facts, agreed }: Asked,
  index: KubernetesIndex,
  cluster: ClusterRead,
  now: number,
): PlatformReport | null =>
  platform === null
    ? null
    : checkPlatformOn(cluster, { platform, index, facts: facts.facts, waivers: agreed.platform, now })

const notCheckedOf = ({ notRead, namespaces, name }: ClusterRead): readonly NotChecked[] => [
  ...notRead.map(({ sort, namespace, because }) => ({
    rule: sort,
    object: namespace === null ? null : `Namespace ${namespace}`,
    because,
  })),
  ...[...namespaces].flatMap(([namespace, state]) =>
    state === 'unknown'
      ? [{ rule: 'KC01', object: `Namespace ${namespace}`, because: `there is no right to look at it on ${name}` }]
      : [],
  ),
]

const clusterView = (side: ClusterView['side'], { name, version, namespaces, objects }: ClusterRead): ClusterView => ({
  side,
  name,
  version,
  namespaces: [...namespaces.keys()],
  objects: objects.length,
})
