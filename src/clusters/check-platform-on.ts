import { checkPlatform, type PlatformReport } from '../platform/check-platform.ts'
import type { ClusterRead } from './cluster-read.ts'
import { isOfClusters } from './cluster-rules.ts'
import { withProfiles } from './profile-facts.ts'

/**
 * Whether what runs on a cluster, or is to run there, fits its platform: with the profiles that the cluster's own objects
 * tell of. A rule that looks for an object that may not be read has not been checked.
 */
export const checkPlatformOn = (
  cluster: Pick<ClusterRead, 'objects' | 'notRead'>,
  input: Parameters<typeof checkPlatform>[0],
): PlatformReport => {
  const report = checkPlatform({
    ...input,
    facts: withProfiles(input.facts, cluster.objects),
    waivers: input.waivers.filter((one) => !isOfClusters(one)),
  })
  const unseen = cluster.notRead.find(
    ({ sort, namespace }) => sort === 'ConfigMap' && namespace === 'aws-observability',
  )
  if (unseen === undefined) return report
  const findings = report.findings.filter(({ rule }) => rule !== 'FG34')
  const errors = findings.filter(({ severity }) => severity === 'error').length
  return {
    ...report,
    findings,
    errors,
    notChecked: [...report.notChecked, { rule: 'FG34', object: null, because: unseen.because }],
  }
}
