import { join } from 'node:path'
import { describeEnvironment } from '../../config/environment-settings.ts'
import { TitrateError } from '../../errors.ts'
import { fixEverything } from '../../parity/check-parity.ts'
import { viewCheck } from '../../views/check-view.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { Output } from '../flags.ts'
import { print } from '../print.ts'
import { absolute, loadRelease } from '../release-file.ts'
import { renderCheck } from '../render-check.ts'
import type { ManifestFlags } from './check-manifests.ts'

export type CheckFlags = ManifestFlags & {
  readonly file: string
  readonly output: Output | 'html'
  readonly fix: string | undefined
}

const forManifests = ['platform', 'awsFacts', 'waivers', 'namespace'] as const

/** What is wrong before anything moves, and how both sides differ. Creates nothing in the environments. */
export const check: Implementation<CheckFlags> = async (deps, flags) => {
  const { file, output, fix } = flags
  if ((flags.manifests ?? flags.blueManifests ?? flags.greenManifests) !== undefined) {
    return (await import('./check-manifests.ts')).checkManifests(deps, flags)
  }
  if (output === 'html' || forManifests.some((name) => flags[name] !== undefined)) {
    throw new TitrateError(
      'USAGE',
      '--platform, --aws-facts, --waivers, --namespace and --output html are for manifests: add --manifests, or --blue-manifests and --green-manifests.',
    )
  }
  const release = await loadRelease(deps, file)
  const { world, close } = await deps.connect(release)
  try {
    const prepared = await deps.prepare(release, world)
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
