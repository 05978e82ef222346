import { showText } from '../inventory/shown-text.ts'
import { objectText } from '../kubernetes/object.ts'
import type { DryRun } from '../parity/kubernetes/compare-pair.ts'
import type { DryRunRequest } from '../parity/kubernetes/dry-run-requests.ts'
import type { PlatformFinding } from '../platform/rule.ts'
import { clusterFinding } from './cluster-rules.ts'

/** What green's API server says no to, each with what to do. What could not be asked is no finding: parity says so. */
export const refusalFindings = (
  requests: readonly DryRunRequest[],
  answers: ReadonlyMap<string, DryRun>,
): readonly PlatformFinding[] => {
  const findings = requests.flatMap((request) => {
    const answer = answers.get(request.key)
    return answer?.kind === 'refused' ? findingOf(request, answer) : []
  })
  return [...new Map(findings.map((one) => [`${one.rule} ${one.object} ${one.path}`, one])).values()]
}

const findingOf = (
  { blue, manifest }: DryRunRequest,
  { because, why }: Extract<DryRun, { kind: 'refused' }>,
): readonly PlatformFinding[] => {
  // An API server quotes values that it doesn't like.
  const words = showText(because.replace(/\.$/, '')).text
  const metadata = manifest['metadata']
  const read = (key: string): string =>
    typeof metadata === 'object' && metadata !== null ? String(Reflect.get(metadata, key) ?? '') : ''
  const object = { kind: blue.kind, namespace: blue.namespace === null ? null : read('namespace'), name: read('name') }
  const namespace = { kind: 'Namespace', namespace: null, name: object.namespace ?? '' }
  switch (why) {
    case 'admission':
      return [clusterFinding('KC04', object, 'object', words)]
    case 'quota':
      return [clusterFinding('KC05', object, 'object', words)]
    case 'namespace being deleted':
      return [
        clusterFinding(
          'KC02',
          namespace,
          'metadata.deletionTimestamp',
          `namespace ${namespace.name} of green is being deleted`,
        ),
      ]
    case 'no namespace':
      return [clusterFinding('KC01', namespace, 'metadata.name', `green has no namespace ${namespace.name}`)]
    case 'no such kind':
      return [
        clusterFinding(
          'KC03',
          `kind ${blue.sort}`,
          'apiVersion',
          `green does not serve ${blue.kind} in ${blue.apiVersion}`,
        ),
      ]
    case 'invalid':
      return [clusterFinding('KC12', object, 'object', words)]
    case 'changed':
      return [
        clusterFinding(
          'KC06',
          object,
          'metadata.resourceVersion',
          `${objectText(object)} was changed while it was looked at`,
        ),
      ]
    case 'not permitted':
    case 'no dry run':
    case 'no answer':
    case 'not asked':
    case 'other':
      return []
    default:
      return why satisfies never
  }
}
