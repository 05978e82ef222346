import { futureObjects } from '../clusters/future-objects.ts'
import { namespaceFindings, placeFindings } from '../clusters/place-findings.ts'
import { withProfiles } from '../clusters/profile-facts.ts'
import { roomFindings } from '../clusters/room-findings.ts'
import type { ResolvedRelease } from '../config/release.ts'
import type { Finding } from '../inventory/estate.ts'
import { indexObjects } from '../kubernetes/index-objects.ts'
import { type Millis, sides } from '../moves/goal.ts'
import { readAwsFacts } from '../platform/aws-facts.ts'
import { checkPlatform } from '../platform/check-platform.ts'
import type { PlatformFinding } from '../platform/rule.ts'
import { applyWaivers } from '../platform/waivers.ts'
import { asFinding, note, samePlace } from './cluster-findings.ts'
import type { ClusterEstate } from './kubernetes-estate.ts'

type Rules = Pick<ResolvedRelease, 'platform' | 'parity'>

const isOfClusters = ({ rule }: { readonly rule: string }): boolean => rule.startsWith('KC')

/** Findings of clusters, without those that somebody answers for. */
export const waivedByRelease = (
  { platform }: Pick<ResolvedRelease, 'platform'>,
  findings: readonly PlatformFinding[],
  now: Millis,
): readonly Finding[] => applyWaivers(findings, platform.waivers.filter(isOfClusters), now).findings.map(asFinding)

/** Whether green has a place for what moves, whether it would run there, and what could not be looked at. */
export const checkClusterRules = async (
  release: Rules,
  estate: ClusterEstate,
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
  ]
  const unread = sides.flatMap((side) =>
    read[side].notRead.map(
      ({ sort, namespace, because }) =>
        `${sort}${namespace === null ? '' : ` in ${namespace}`} of ${estate.pair.title[side]} could not be read, so what depends on it is not checked: ${because}`,
    ),
  )
  return [
    ...(await samePlace(estate.pair, signal)),
    ...waivedByRelease(release, found, now),
    ...(await platformFindings(release, estate, now)),
    ...[...new Set(unread)].map(note),
    ...room.notChecked.map(({ rule, object, because }) => note(`${rule} is not checked for ${object}: ${because}`)),
  ]
}

/** Of what will be on green: what is there, and copies of what is still missing. */
const platformFindings = async (
  { platform, parity }: Rules,
  { index, places }: ClusterEstate,
  now: Millis,
): Promise<readonly Finding[]> => {
  const { name, awsFacts, waivers } = platform
  if (name === null) return []
  const report = checkPlatform({
    platform: name,
    index: indexObjects(futureObjects(index.blue, index.green, places, parity.rewrites)),
    facts: withProfiles(readAwsFacts(awsFacts === null ? [] : await readFacts(awsFacts)).facts, index.green.objects),
    waivers: waivers.filter((one) => !isOfClusters(one)),
    now,
  })
  const notChecked = report.notChecked.map(({ rule, because }) => `${rule} is not checked: ${because}`)
  return [...report.findings.map(asFinding), ...[...new Set(notChecked)].map(note)]
}

const readFacts = async (folder: string) => {
  const { readManifests } = await import('../providers/manifests/read-manifests.ts')
  return (await readManifests(folder, folder, process.stdin, 'facts')).documents
}
