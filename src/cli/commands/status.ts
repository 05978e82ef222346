import { TitrateError } from '../../errors.ts'
import { emptyJournal } from '../../journal/fold.ts'
import { type Material, viewStatus } from '../../views/status-view.ts'
import type { Implementation } from '../command.ts'
import type { Deps } from '../deps.ts'
import { exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { print } from '../print.ts'
import { readMaterial, withStore } from '../read-store.ts'
import { loadRelease } from '../release-file.ts'
import { renderStatus } from '../render-status.ts'

export const status: Implementation<ReleaseFlags> = async (deps, { file, output }) => {
  const release = await loadRelease(deps, file)
  const material = await withStore(deps, release, (store) => readMaterial(deps, store)).catch((error: unknown) => {
    // That it has not begun is an answer here.
    if (error instanceof TitrateError && error.code === 'NO_RELEASE') return nothingYet(deps, release.name)
    throw error
  })
  await print(deps, output, viewStatus(material), renderStatus)
  return exitCode.done
}

const nothingYet = (deps: Deps, release: string): Material => ({
  journal: emptyJournal(release),
  facts: [],
  samples: [],
  now: deps.now(),
})
