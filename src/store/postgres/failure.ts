import pg from 'pg'
import { TitrateError } from '../../errors.ts'

/** Whether an append that failed may be in the journal: `unknown` once its commit was sent and not answered. */
export type Appended = 'no' | 'unknown'

const codeOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

/** Why an append found no room (https://www.postgresql.org/docs/current/errcodes-appendix.html); null for other faults. */
export const noRoom = (error: unknown): string | null => {
  switch (codeOf(error)) {
    case '53100':
      return "there is no room left on the server's disk: free some"
    case '25006':
      return 'the server is read only (a standby, or set so): name the primary, or make it writable'
    default:
      return null
  }
}

const reasonOf = (error: Error): string => {
  const code = codeOf(error)
  const room = noRoom(error)
  if (room !== null) return room
  if (code === '55P03') return 'another process holds the lock of this release for too long: see which one is stuck'
  if (code === '57014') return 'it took too long to answer, and was given up'
  if (code === '42501')
    return `the user may not do that (${error.message}): let it create a schema, or use the one called titrate`
  if (code.startsWith('28')) return `it refused the user: ${error.message}. Check the user and the password of the URL`
  if (code === '3D000') return `${error.message}. Create it, or name another one in the URL`
  // An AggregateError (all addresses of a name failed) has no message of its own.
  const message = error.message === '' ? code : error.message
  return error instanceof pg.DatabaseError ? `PostgreSQL answered ${code}: ${message}` : `no answer: ${message}`
}

/**
 * An error of the database or the connection as the store's. No `cause`: a driver's error can hold the URL or the
 * configuration, and with it the password. Faults of ours pass unchanged.
 */
export const storeError = (where: string, error: unknown, appended: Appended = 'no'): unknown => {
  if (!(error instanceof Error) || error instanceof TitrateError) return error
  if (error instanceof TypeError || error instanceof RangeError) return error
  return new TitrateError('STORE_UNAVAILABLE', `The store ${where} can't be used: ${reasonOf(error)}.`, {
    details: { where, code: codeOf(error), noRoom: noRoom(error) !== null, appended },
  })
}

/** For a promise's `catch`: throws the error in the store's words. */
export const fail =
  (where: string) =>
  (error: unknown): never => {
    throw storeError(where, error)
  }
