import { type LedgerView, viewLedger } from '../../views/ledger-view.ts'
import { instant } from '../../views/words.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { type Look, print } from '../print.ts'
import { readJournal, readSamples, withStore } from '../read-store.ts'
import { loadRelease } from '../release-file.ts'
import { totalsWords } from '../render-status.ts'
import { indent, table } from '../table.ts'
import { unknownService } from './explain.ts'

/** Where each tick of each schedule ran. Fails when one ran twice or never. */
export const ledger: Implementation<ReleaseFlags, readonly [string?]> = async (deps, { file, output }, service) => {
  const release = await loadRelease(deps, file)
  return withStore(deps, release, async (store) => {
    if (service !== undefined) {
      const known = Object.keys((await readJournal(store)).release.plan?.moves ?? {})
      if (!known.includes(service)) throw unknownService(service, known)
    }
    const view = viewLedger(await readSamples(store, 'ledger/'), service ?? null)
    await print(deps, output, view, (shown, look) => renderLedger(shown, look, service !== undefined))
    return view.totals.duplicate + view.totals.missed === 0 ? exitCode.done : exitCode.failed
  })
}

/** Every tick of one service, or of all services what is out of order. */
const renderLedger = ({ services, totals }: LedgerView, look: Look, every: boolean): string =>
  services.length === 0
    ? 'no tick has been due yet'
    : [
        table(
          ['service', 'expected', 'ran once', 'more than once', 'missed', 'skipped', 'unseen'],
          services.map(({ service, totals: of }) => [
            service,
            of.expected,
            of.ran,
            of.duplicate,
            of.missed,
            of.skipped,
            of.unseen,
          ]),
          look,
        ),
        ...services.flatMap(({ service, ticks }) => {
          const shown = every ? ticks : ticks.filter(({ fate }) => fate !== 'ran')
          if (shown.length === 0) return []
          const rows = shown.map(({ tick, blue, green, fate }) => [instant(tick), fate, blue, green])
          return [`${service}\n${indent(table(['tick', 'fate', 'blue', 'green'], rows, look))}`]
        }),
        totalsWords(totals),
      ].join('\n\n')
