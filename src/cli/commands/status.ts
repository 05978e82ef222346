import { viewStatus } from '../../views/status-view.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { print } from '../print.ts'
import { readMaterial, withStore } from '../read-store.ts'
import { loadRelease } from '../release-file.ts'
import { renderStatus } from '../render-status.ts'

export const status: Implementation<ReleaseFlags> = async (deps, { file, output }) => {
  const release = await loadRelease(deps, file)
  return withStore(deps, release, async (store) => {
    await print(deps, output, viewStatus(await readMaterial(deps, store)), renderStatus)
    return exitCode.done
  })
}
