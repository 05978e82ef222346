import { join } from 'node:path'
import { fixEverything } from '../../parity/check-parity.ts'
import { viewCheck } from '../../views/check-view.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { print } from '../print.ts'
import { absolute, loadRelease } from '../release-file.ts'
import { renderCheck } from '../render-check.ts'

export type CheckFlags = ReleaseFlags & { readonly fix: string | undefined }

/** What is wrong before anything moves, and how both sides differ. Creates nothing in the environments. */
export const check: Implementation<CheckFlags> = async (deps, { file, output, fix }) => {
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
          `titrate: what would bring ${release.green} in line with blue is in ${path}: read it, then merge it\n`,
        )
      }
    }
    return view.ok ? exitCode.done : exitCode.failed
  } finally {
    await close()
  }
}
