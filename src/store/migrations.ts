import { readdirSync, readFileSync } from 'node:fs'
import { bug, TitrateError } from '../errors.ts'

export type Migration = { readonly version: number; readonly name: string; readonly sql: string }

/** The numbered SQL files beside the code of a store, in their order. They only go forward; a released one never changes. */
export const readMigrations = (folder: URL): readonly Migration[] => {
  const names = readdirSync(folder).filter((name) => /^\d{4}-.+\.sql$/.test(name))
  if (names.length === 0) throw bug(`SQL of the store is missing in ${folder.href}: the installation is incomplete`)
  return names.toSorted().map((name, index) => {
    const version = Number(name.slice(0, 4))
    if (version !== index + 1) throw bug(`the migration ${name} stands at place ${index + 1}`)
    return { version, name, sql: readFileSync(new URL(name, folder), 'utf8') }
  })
}

/** Those that are still to be applied. Throws STORE_NEWER when the store has some that this version doesn't know. */
export const pendingMigrations = (
  migrations: readonly Migration[],
  { version, where }: { readonly version: number; readonly where: string },
): readonly Migration[] => {
  if (version > migrations.length) {
    throw new TitrateError(
      'STORE_NEWER',
      `The store ${where} has schema ${version}; this version of Titrate knows up to ${migrations.length}. Use the version that wrote it, or a newer one.`,
      { details: { where, found: version, known: migrations.length } },
    )
  }
  return migrations.slice(version)
}
