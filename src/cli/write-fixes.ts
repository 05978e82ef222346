import { join } from 'node:path'
import type { Fix } from '../parity/kubernetes/fixes.ts'
import { plural } from '../views/words.ts'
import type { Deps } from './deps.ts'
import { absolute } from './release-file.ts'

/** Writes a manifest for each object that can be brought in line, ready for review. Applies nothing. */
export const writeFixes = async (deps: Deps, folder: string, fixes: readonly Fix[]): Promise<void> => {
  const { stringify } = await import('yaml')
  const path = absolute(deps, folder)
  let written = 0
  for (const { object, manifest, steps } of fixes) {
    if (manifest === null) continue
    // A name of Kubernetes has no slash in it, so this one is that between namespace and name.
    const file = `${object.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, '-')}.yaml`
    const taken = steps.some((step) => step.startsWith('remove '))
      ? ['It takes something away: kubectl replace does that, kubectl apply may not.']
      : []
    const head = [...steps, ...taken].map((line) => `# ${line.replaceAll(/\s+/g, ' ')}\n`).join('')
    await deps.io.writeFile(
      join(path, file),
      `${head}${stringify(manifest, { aliasDuplicateObjects: false, lineWidth: 0 })}`,
    )
    written += 1
  }
  const hand = fixes.filter(({ manifest }) => manifest === null).length
  if (fixes.length === 0) deps.io.err('titrate: there is nothing to mend on green\n')
  else {
    const rest = hand === 0 ? '' : `; ${plural(hand, 'object is', 'objects are')} left to you, as said above`
    deps.io.err(
      `titrate: ${plural(written, 'manifest')} that would bring green in line in ${path}: read them, then apply them${rest}\n`,
    )
  }
}
