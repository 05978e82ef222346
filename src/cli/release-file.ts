import { isAbsolute, join } from 'node:path'
import type { ReleaseFile } from '../config/read-release.ts'
import type { ResolvedRelease } from '../config/release.ts'
import { TitrateError } from '../errors.ts'
import type { Deps } from './deps.ts'

export const absolute = (deps: Deps, path: string): string =>
  isAbsolute(path) ? path : join(deps.io.workingDirectory, path)

/** Whether a file is there; one that can't be read is. */
export const isThere = async (deps: Deps, path: string): Promise<boolean> => {
  try {
    await deps.io.readFile(path)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
  }
}

/** What the release file comes to; where it stands is not asked for any more. Throws as `loadReleaseFile` does. */
export const loadRelease = async (deps: Deps, file: string): Promise<ResolvedRelease> =>
  (await loadReleaseFile(deps, file)).release

/** Reads the release file, or says all its faults at once. */
export const loadReleaseFile = async (deps: Deps, file: string): Promise<ReleaseFile> => {
  const path = absolute(deps, file)
  try {
    await deps.io.readFile(path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    throw new TitrateError(
      'NO_RELEASE',
      `There is no ${path}. Write one with "titrate init --blue FILE --green FILE" (or --blue-context NAME --green-context NAME), or name yours with --file.`,
    )
  }
  const [{ readRelease }, { faultsError }] = await Promise.all([
    import('../config/read-release.ts'),
    import('../config/format-fault.ts'),
  ])
  const read = readRelease(path)
  if (read.kind !== 'ok') throw faultsError(read.faults)
  return read.value
}
