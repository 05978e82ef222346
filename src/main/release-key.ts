import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ResolvedRelease } from '../config/release.ts'

/** Where a release keeps what is no journal: beside its store, or beside its file when the store is elsewhere. */
export const releaseFolder = (release: ResolvedRelease): string =>
  release.store.kind === 'sqlite'
    ? dirname(release.store.path)
    : join(dirname(release.file), '.titrate', 'releases', release.name)

/**
 * The key by which secrets are compared: made once per release, in a file of mode 0600 outside the journal. A key per
 * run would make every secret look changed after a restart.
 */
export const readReleaseKey = async (release: ResolvedRelease): Promise<Uint8Array> => {
  const path = join(releaseFolder(release), 'parity.key')
  try {
    return await readFile(path)
  } catch {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const key = randomBytes(32)
    try {
      await writeFile(path, key, { mode: 0o600, flag: 'wx' })
      return key
    } catch {
      // Another process made it in between.
      return readFile(path)
    }
  }
}
