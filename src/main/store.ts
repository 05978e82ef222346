import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ResolvedRelease } from '../config/release.ts'
import { resolveSecret } from '../config/secret.ts'
import { TitrateError } from '../errors.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'

const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new TitrateError(
      'STORE_UNAVAILABLE',
      `The folder of the journal, ${folder}, can't be made (${why}). Make the folder above it writable, or set "store" in the release file.`,
      { cause: error },
    )
  }
}

/** Opens the store of a release. Without `create`, a release that was never run is NO_RELEASE, and nothing is made. */
export const openReleaseStore = async (release: ResolvedRelease, create: boolean): Promise<Store> => {
  const { store, name } = release
  if (store.kind === 'sqlite') {
    if (!create && !existsSync(store.path))
      throw new TitrateError(
        'NO_RELEASE',
        `The release "${name}" has not begun: ${store.path} does not exist. "titrate run" begins it.`,
      )
    makeFolder(dirname(store.path))
    return openStore({ file: store.path, release: name })
  }
  const url = new URL(store.url)
  if (store.password !== null) {
    const password = await resolveSecret(store.password, process.env)
    if (password.kind === 'refused')
      throw new TitrateError('STORE_UNAVAILABLE', `The password of the store: ${password.because}`)
    url.password = encodeURIComponent(password.value)
  }
  const opened = await openStore({ url: url.href, release: name })
  if (!create && (await opened.head()).position === 0) {
    await opened.close()
    throw new TitrateError(
      'NO_RELEASE',
      `The release "${name}" has not begun: ${opened.where} holds nothing of it. "titrate run" begins it.`,
    )
  }
  return opened
}
