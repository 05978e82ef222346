import type { ResolvedRelease } from '../config/release.ts'
import type { Finding } from '../inventory/estate.ts'
import { indexObjects } from '../kubernetes/index-objects.ts'
import { objectKey } from '../kubernetes/object.ts'
import type { Millis } from '../moves/goal.ts'
import { keyOnGreen } from '../parity/kubernetes/pair-objects.ts'
import { readAwsFacts } from '../platform/aws-facts.ts'
import { checkPlatform } from '../platform/check-platform.ts'
import type { ClusterEstate } from './kubernetes-estate.ts'

/** What of the estate would not run where green runs: green's own objects, and blue's where green has none yet. */
export const checkClusterPlatform = async (
  release: Pick<ResolvedRelease, 'platform'>,
  { index, places }: ClusterEstate,
  now: Millis,
): Promise<readonly Finding[]> => {
  const { name, awsFacts, waivers } = release.platform
  if (name === null) return []
  const there = new Set(index.green.objects.map(objectKey))
  const coming = index.blue.objects.filter((object) => !there.has(keyOnGreen(object, places)))
  const report = checkPlatform({
    platform: name,
    index: indexObjects([...index.green.objects, ...coming]),
    facts: readAwsFacts(awsFacts === null ? [] : await readFacts(awsFacts)).facts,
    waivers,
    now,
  })
  const notes = report.notChecked.map(({ rule, because }) => `${rule} is not checked: ${because}`)
  return [
    ...report.findings.map(
      ({ rule, severity, object, path, message, fix }): Finding => ({
        severity: severity === 'error' ? 'blocks' : 'note',
        service: null,
        message: `${rule} ${object} ${path}: ${message} ${fix}`,
        declare: null,
      }),
    ),
    ...[...new Set(notes)].map((message): Finding => ({ severity: 'note', service: null, message, declare: null })),
  ]
}

const readFacts = async (folder: string) => {
  const { readManifests } = await import('../providers/manifests/read-manifests.ts')
  return (await readManifests(folder, folder, process.stdin, 'facts')).documents
}
