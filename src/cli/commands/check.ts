import { join } from 'node:path'
import { describeEnvironment } from '../../config/environment-settings.ts'
import type { ReleaseFile } from '../../config/read-release.ts'
import { TitrateError } from '../../errors.ts'
import { fixEverything } from '../../parity/check-parity.ts'
import { viewCheck } from '../../views/check-view.ts'
import type { Implementation } from '../command.ts'
import type { Deps } from '../deps.ts'
import { type ExitCode, exitCode } from '../exit-code.ts'
import type { Output } from '../flags.ts'
import { print } from '../print.ts'
import { absolute, loadReleaseFile } from '../release-file.ts'
import { renderCheck } from '../render-check.ts'
import type { ClusterFlags } from './check-clusters.ts'
import type { ManifestFlags } from './check-manifests.ts'

export type CheckFlags = ManifestFlags &
  ClusterFlags & {
    readonly file: string
    readonly output: Output | 'html'
    readonly fix: string | undefined
    readonly apply: boolean
    readonly yes: boolean
  }

const forObjects = ['platform', 'awsFacts', 'waivers', 'namespace'] as const
const forClusters = ['greenNamespace', 'selector', 'suffix', 'kubeconfig', 'requestsPerSecond'] as const

/** What is wrong before anything moves, and how both sides differ. Creates nothing in the environments. */
export const check: Implementation<CheckFlags> = async (deps, flags) => {
  const { file, output, fix } = flags
  const isManifests = (flags.manifests ?? flags.blueManifests ?? flags.greenManifests) !== undefined
  const isClusters = (flags.context ?? flags.blueContext ?? flags.greenContext) !== undefined
  if (isManifests && isClusters)
    throw new TitrateError('USAGE', 'Check either manifests or clusters, not both at once.')
  if (isClusters) return (await import('./check-clusters.ts')).checkClusters(deps, flags)
  const isForClusters = flags.allNamespaces || forClusters.some((name) => flags[name] !== undefined)
  if (isManifests && !isForClusters && !flags.apply)
    return (await import('./check-manifests.ts')).checkManifests(deps, flags)
  const read = isManifests || isForClusters ? null : await loadReleaseFile(deps, file)
  const isAsked = output === 'html' || flags.apply || fix !== undefined || flags.platform !== undefined
  if (read?.release.blue.kind === 'kubernetes' && isAsked && flags.namespace === undefined)
    return (await import('./check-clusters.ts')).checkClustersOfRelease(deps, flags, read.release)
  if (isForClusters || flags.apply) {
    throw new TitrateError(
      'USAGE',
      '--all-namespaces, --green-namespace, --selector, --suffix, --kubeconfig, --requests-per-second and --apply are for clusters: add --context, or --blue-context and --green-context.',
    )
  }
  if (read === null || output === 'html' || forObjects.some((name) => flags[name] !== undefined)) {
    throw new TitrateError(
      'USAGE',
      '--platform, --aws-facts, --waivers, --namespace and --output html are for manifests and clusters: add --manifests or --context, or both sides of one of them.',
    )
  }
  return checkRelease(deps, { output, fix }, read)
}

const checkRelease = async (
  deps: Deps,
  { output, fix }: { readonly output: Output; readonly fix: string | undefined },
  file: ReleaseFile,
): Promise<ExitCode> => {
  const { release } = file
  const { world, close } = await deps.connect(release)
  try {
    const prepared = await deps.prepare(file, world)
    const view = viewCheck({ ...prepared, planned: prepared.plan !== null })
    await print(deps, output, view, renderCheck)
    if (fix !== undefined) {
      const patch = fixEverything(prepared.parity)
      const path = join(absolute(deps, fix), 'green.patch.yaml')
      if (patch === '') deps.io.err('titrate: there is nothing to mend on green\n')
      else {
        await deps.io.writeFile(path, patch)
        deps.io.err(
          `titrate: what would bring ${describeEnvironment(release.green)} in line with blue is in ${path}: read it, then merge it\n`,
        )
      }
    }
    return view.ok ? exitCode.done : exitCode.failed
  } finally {
    await close()
  }
}
