import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Mutant, mutate } from './mutant.ts'

export const checkout = fileURLToPath(new URL('../../../..', import.meta.url))

/** What simulated releases and suites need. */
const copied = ['src', 'test', 'scripts', 'bin', 'schema', 'package.json', 'vitest.config.ts']

/** A copy of the sources to be broken: the checkout itself is never touched. */
export type Workshop = {
  readonly folder: string
  /** Puts the mutant in; answers why that can't be done, or null. */
  readonly put: (mutant: Mutant) => string | null
  /** The sources as they were. */
  readonly restore: () => void
  readonly close: () => void
}

export const openWorkshop = (): Workshop => {
  const folder = mkdtempSync(join(tmpdir(), 'titrate-mutants-'))
  for (const name of copied) cpSync(join(checkout, name), join(folder, name), { recursive: true })
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'))
  const before = new Map<string, string>()
  const restore = (): void => {
    for (const [file, text] of before) writeFileSync(join(folder, file), text)
    before.clear()
  }
  return {
    folder,
    put: (mutant) => {
      for (const edit of mutant.edits) {
        const source = readFileSync(join(folder, edit.file), 'utf8')
        const mutated = mutate(source, edit)
        if (mutated.kind === 'stale') {
          restore()
          return mutated.because
        }
        if (!before.has(edit.file)) before.set(edit.file, source)
        writeFileSync(join(folder, edit.file), mutated.text)
      }
      return null
    },
    restore,
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
