import { TitrateError } from '../../errors.ts'
import type { Implementation } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import type { ReleaseFlags } from '../flags.ts'
import { print } from '../print.ts'
import { loadRelease } from '../release-file.ts'
import { paint } from '../table.ts'

/** Looks at all that Titrate needs, with or without a release file. */
export const doctor: Implementation<ReleaseFlags> = async (deps, { file, output }) => {
  const release = await loadRelease(deps, file).catch((error: unknown) => {
    // Without a release file, what is not of a release is looked at all the same.
    if (error instanceof TitrateError && error.code === 'NO_RELEASE' && file === 'release.yaml') return null
    throw error
  })
  const findings = await deps.doctor(release)
  await print(deps, output, findings, (shown, look) =>
    shown
      .map(
        ({ what, ok, found, fix }) =>
          `${ok ? paint(look, 'green', 'ok   ') : paint(look, 'red', 'wrong')}  ${what}: ${found}${fix === null ? '' : `\n       → ${fix}`}`,
      )
      .join('\n'),
  )
  return findings.every(({ ok }) => ok) ? exitCode.done : exitCode.failed
}
