import { checkPlatformOn } from '../clusters/check-platform-on.ts'
import { isOfClusters, once } from '../clusters/cluster-rules.ts'
import { futureObjects } from '../clusters/future-objects.ts'
import { namespaceFindings, placeFindings } from '../clusters/place-findings.ts'
import { roomFindings } from '../clusters/room-findings.ts'
import type { ResolvedRelease } from '../config/release.ts'
import type { Finding } from '../inventory/estate.ts'
import { indexObjects } from '../kubernetes/index-objects.ts'
import { type Millis, sides } from '../moves/goal.ts'
import { readAwsFacts } from '../platform/aws-facts.ts'
import type { PlatformFinding } from '../platform/rule.ts'
import { applyWaivers } from '../platform/waivers.ts'
import { asFinding, note, samePlace } from './cluster-findings.ts'
import type { ClusterEstate } from './kubernetes-estate.ts'

type Rules = Pick<ResolvedRelease, 'platform' | 'parity'>

/**
 * Whether green has a place for what moves, whether it would run there, and what could not be looked at. `refused`: what its
 * API server said to a dry run. What somebody answers for is left out.
 */
export const checkClusterRules = async (
  release: Rules,
  estate: ClusterEstate,
  refused: readonly PlatformFinding[],
  now: Millis,
  signal: AbortSignal,
): Promise<readonly Finding[]> => {
  const { read, index, places } = estate
  const unreadOnGreen = new Set(read.green.notRead.map(({ sort }) => sort))
  const isFargate = release.platform.name === 'eks-fargate'
  const room = roomFindings({ blue: index.blue, green: index.green, places, isFargate, unread: unreadOnGreen })
  const found = [
    ...namespaceFindings(read.blue),
    ...placeFindings(read.blue, index.blue.objects, read.green, places),
    ...room.findings,
    ...refused,
  ]
  const unread = sides.flatMap((side) =>
    read[side].notRead.map(
      ({ sort, namespace, because }) =>
        `${sort}${namespace === null ? '' : ` in ${namespace}`} of ${estate.pair.title[side]} could not be read, so what depends on it is not checked: ${because}`,
    ),
  )
  return [
    ...(await samePlace(estate.pair, signal)),
    ...applyWaivers(once(found), release.platform.waivers.filter(isOfClusters), now).findings.map(asFinding),
    ...(await platformFindings(release, estate, now)),
    ...[...new Set(unread)].map(note),
    ...room.notChecked.map(({ rule, object, because }) => note(`${rule} is not checked for ${object}: ${because}`)),
  ]
}

/** Of what will be on green: what is there, and copies of what is still missing. */
const platformFindings = async (
  { platform, parity }: Rules,
  { read, index, places }: ClusterEstate,
  now: Millis,
): Promise<readonly Finding[]> => {
  const { name, awsFacts, waivers } = platform
  if (name === null) return []
  const report = checkPlatformOn(read.green, {
    platform: name,
    index: indexObjects(futureObjects(index.blue, index.green, places, parity.rewrites)),
    facts: readAwsFacts(awsFacts === null ? [] : await readFacts(awsFacts)).facts,
    waivers,
    now,
  })
  const notChecked = report.notChecked.map(({ rule, because }) => `${rule} is not checked: ${because}`)
  return [...report.findings.map(asFinding), ...[...new Set(notChecked)].map(note)]
}

const readFacts = async (folder: string) => {
  const { readManifests } = await import('../providers/manifests/read-manifests.ts')
  return (await readManifests(folder, folder, process.stdin, 'facts')).documents
}
