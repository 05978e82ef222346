import { nearestWord } from '../../config/nearest.ts'
import { TitrateError } from '../../errors.ts'
import { viewExplain } from '../../views/explain-view.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { print } from '../print.ts'
import { readEntries, readMaterial, withStore } from '../read-store.ts'
import { loadRelease } from '../release-file.ts'
import { renderExplain } from '../render-explain.ts'

export const explain: Implementation<ReleaseFlags, readonly [string]> = async (deps, { file, output }, service) => {
  const release = await loadRelease(deps, file)
  return withStore(deps, release, async (store) => {
    const material = await readMaterial(deps, store)
    const view = viewExplain(material, await readEntries(store), service)
    if (view === null) throw unknownService(service, Object.keys(material.journal.release.plan?.moves ?? {}))
    await print(deps, output, view, renderExplain)
    return exitCode.done
  })
}

/** The error for a service that the release does not have, with the one that was probably meant. */
export const unknownService = (service: string, known: readonly string[]): TitrateError => {
  const near = nearestWord(service, known)
  const meant = near === null ? '' : ` Did you mean ${near}?`
  return new TitrateError(
    'USAGE',
    `There is no service "${service}" in this release; it has ${known.toSorted().join(', ') || 'none yet'}.${meant}`,
  )
}
