import type { DoctorFinding } from '../cli/deps.ts'
import type { Side } from '../moves/goal.ts'
import { sides } from '../moves/goal.ts'
import { kinds } from '../providers/kubernetes/client/kinds.ts'
import type { ClusterPair } from './cluster-pair.ts'

const readMs = 5_000

/** Whether each cluster answers, is of a version that will do, and has the namespaces of the release. */
export const examineClusters = async (pair: ClusterPair): Promise<readonly DoctorFinding[]> => {
  const findings = await Promise.all(
    sides.map(async (side) => {
      const version = await versionFinding(pair, side)
      // What doesn't answer once need not be asked for each namespace.
      return version.ok ? [version, ...(await namespaceFindings(pair, side))] : [version]
    }),
  )
  return findings.flat()
}

const versionFinding = async ({ clusters }: ClusterPair, side: Side): Promise<DoctorFinding> => {
  const { client, name } = clusters[side]
  const version = await client.version({ signal: AbortSignal.timeout(readMs) })
  const what = `cluster ${name} (${side})`
  if (version.kind === 'ok') return { what, ok: true, found: `Kubernetes ${version.value}`, fix: null }
  const fix =
    version.kind === 'refused' ? null : `see whether "kubectl --context ${name} version" answers, and log in anew`
  return { what, ok: false, found: version.because, fix }
}

const namespaceFindings = ({ clusters, namespaces }: ClusterPair, side: Side): Promise<readonly DoctorFinding[]> =>
  Promise.all(
    namespaces[side].map(async (namespace): Promise<DoctorFinding> => {
      const { client, name } = clusters[side]
      const found = await client.get(kinds.namespaces, { name: namespace }, { signal: AbortSignal.timeout(readMs) })
      const what = `namespace ${namespace} on ${name} (${side})`
      if (found.kind !== 'ok') return { what, ok: found.kind === 'refused', found: found.because, fix: null }
      if (found.value === null)
        return {
          what,
          ok: false,
          found: 'it is not there',
          fix: `kubectl --context ${name} create namespace ${namespace}`,
        }
      const isLeaving = found.value.metadata?.deletionTimestamp !== undefined
      return isLeaving
        ? { what, ok: false, found: 'it is being deleted', fix: 'wait until it is gone, and make it anew' }
        : { what, ok: true, found: 'it is there', fix: null }
    }),
  )
