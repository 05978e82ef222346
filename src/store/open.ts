import type { Store, StoreListing } from './store.ts'

/** Where stores are: a SQLite file, or a PostgreSQL database by its URL. */
export type StorePlace = { readonly file: string } | { readonly url: string }

/**
 * Opens the store of a release; a file, or the tables of a database, are made where they are missing. The release need
 * not have begun: its journal is then empty. Each driver is loaded only when it is used.
 */
export const openStore = async (place: StorePlace & { readonly release: string }): Promise<Store> => {
  if ('file' in place) return (await import('./sqlite/store.ts')).openSqliteStore(place)
  return (await import('./postgres/store.ts')).openPostgresStore(place)
}

/** The releases of a place that have begun (their journal isn't empty), oldest first. */
export const listReleases = async (place: StorePlace): Promise<readonly StoreListing[]> => {
  if ('file' in place) return (await import('./sqlite/store.ts')).listSqliteReleases(place)
  return (await import('./postgres/store.ts')).listPostgresReleases(place)
}
