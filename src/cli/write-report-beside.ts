import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ResolvedRelease } from '../config/release.ts'
import { emptyJournal, foldJournal } from '../journal/fold.ts'
import type { Store } from '../store/store.ts'
import type { Deps } from './deps.ts'
import { readEntries, readSamples } from './read-store.ts'

/** Where a release keeps what is no journal: beside its store, or beside its file when the store is elsewhere. */
const releaseFolder = (release: ResolvedRelease): string =>
  release.store.kind === 'sqlite'
    ? dirname(release.store.path)
    : join(dirname(release.file), '.titrate', 'releases', release.name)

/** All that a report is made from. */
export const readReportInput = async (deps: Deps, store: Store) => {
  const entries = await readEntries(store)
  const journal = foldJournal(emptyJournal(store.release), entries)
  const [facts, samples] = await Promise.all([store.facts(), readSamples(store, '')])
  return { journal, entries, facts, samples, now: deps.now(), extra: null }
}

/** Writes the HTML report into the release's folder; null: it could not be written, which is told. */
export const writeReportBeside = async (deps: Deps, release: ResolvedRelease, store: Store): Promise<string | null> => {
  const path = join(releaseFolder(release), 'report.html')
  try {
    const { writeReport } = await import('../report/write-report.ts')
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await deps.io.writeFile(path, writeReport(await readReportInput(deps, store), 'html'))
    return path
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error)
    deps.io.err(`titrate: the report could not be written to ${path}: ${because}; "titrate report" tries again\n`)
    return null
  }
}
