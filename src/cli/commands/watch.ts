import { foldJournal } from '../../journal/fold.ts'
import { viewStatus } from '../../views/status-view.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { lookOf, print } from '../print.ts'
import { readJournal, readMaterial, withStore } from '../read-store.ts'
import { loadRelease } from '../release-file.ts'
import { renderStatus } from '../render-status.ts'
import { tellEntries } from '../tell-entries.ts'

const redrawMs = 500
const lookMs = 200
const home = '\u001b[H\u001b[2J'

/** Shows the release as it goes on, until it has ended or the person leaves. On a terminal it is drawn anew, else changes are printed. */
export const watch: Implementation<ReleaseFlags> = async (deps, { file, output }) => {
  const release = await loadRelease(deps, file)
  const { io } = deps
  return withStore(deps, release, async (store) => {
    let journal = await readJournal(store)
    const drawn = io.isTty && output === 'table'
    // What was before is in the status that stands first; from there on, entries as they come.
    if (!drawn)
      await print(
        deps,
        output === 'table' ? 'table' : output,
        viewStatus(await readMaterial(deps, store, journal)),
        renderStatus,
      )
    const tell = tellEntries({ ...deps, io: { ...io, err: io.out } }, output)
    while (!io.signal.aborted) {
      const entries = await store.read(journal.position, 1_000)
      journal = foldJournal(journal, entries)
      if (!drawn) tell(entries)
      else io.out(`${home}${renderStatus(viewStatus(await readMaterial(deps, store, journal)), lookOf(deps))}\n`)
      if (journal.release.ended !== null && entries.length === 0) break
      if (entries.length === 0 || drawn) await io.sleep(drawn ? redrawMs : lookMs, io.signal)
    }
    return exitCode.done
  })
}
