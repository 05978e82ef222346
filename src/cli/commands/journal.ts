import { TitrateError } from '../../errors.ts'
import type { Head } from '../../store/store.ts'
import { verifyJournal } from '../../store/verify.ts'
import { type JournalLine, viewJournal } from '../../views/journal-view.ts'
import { instant } from '../../views/words.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { print } from '../print.ts'
import { readEntries, withStore } from '../read-store.ts'
import { loadRelease } from '../release-file.ts'

export type JournalFlags = ReleaseFlags & {
  readonly service: string | undefined
  readonly after: number
  readonly follow: boolean
}

const lookMs = 200

/** What happened, each event as one sentence. */
export const list: Implementation<JournalFlags> = async (deps, { file, output, service, after, follow }) => {
  const release = await loadRelease(deps, file)
  return withStore(deps, release, async (store) => {
    const entries = await readEntries(store, after)
    const shown = viewJournal(entries, service ?? null)
    if (!follow) {
      await print(deps, output, shown, renderLines)
      return exitCode.done
    }
    const tell = (lines: readonly JournalLine[]): void => {
      if (lines.length > 0) deps.io.out(output === 'table' ? `${renderLines(lines)}\n` : jsonLines(lines))
    }
    tell(shown)
    let position = entries.at(-1)?.position ?? after
    while (!deps.io.signal.aborted) {
      const more = await store.read(position, 1_000)
      tell(viewJournal(more, service ?? null))
      position = more.at(-1)?.position ?? position
      if (more.length === 0) await deps.io.sleep(lookMs, deps.io.signal)
    }
    return exitCode.done
  })
}

const renderLines = (lines: readonly JournalLine[]): string =>
  lines.map(({ position, at, text }) => `${String(position).padStart(5)}  ${instant(at)}  ${text}`).join('\n')

const jsonLines = (lines: readonly JournalLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

export type VerifyFlags = ReleaseFlags & { readonly head: readonly Head[] | undefined }

/** Follows the chain of hashes over the whole journal, and compares it with heads that were seen elsewhere. */
export const verify: Implementation<VerifyFlags> = async (deps, { file, output, head }) => {
  const release = await loadRelease(deps, file)
  return withStore(deps, release, async (store) => {
    const answer = await verifyJournal(store, head ?? [])
    await print(deps, output, { ...answer, compared: head?.length ?? 0 }, (shown) =>
      shown.kind === 'whole'
        ? `whole: ${shown.head.position} entries, head ${shown.head.position}:${shown.head.hash}${shown.compared === 0 ? '\nCompare it with a head from a report (--head POSITION:HASH): only that finds a journal that was rewritten as a whole.' : ''}`
        : `broken at ${shown.position} (${shown.how}): ${shown.because}`,
    )
    if (answer.kind === 'whole') return exitCode.done
    throw new TitrateError('JOURNAL_BROKEN', `The journal of "${release.name}" (${store.where}): ${answer.because}`)
  })
}
