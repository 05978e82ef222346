import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { TitrateError } from '../../errors.ts'
import type { Millis } from '../../moves/goal.ts'
import type { LocalEnvironment } from './environment-file.ts'
import { statePathsOf } from './state-paths.ts'

/** The supervisor's durable memory: one SQLite file, locked for as long as its supervisor lives. */
export type State = Database.Database

const schemaVersion = 1
/** An earlier supervisor that is just ending gets as long to let go of the lock. */
const handOverMs: Millis = 1_000

/**
 * `desired`, `suspended` and `cursor` are what should be; `revision` counts the changes made by people and engines,
 * not the scheduler's own. `run` holds runs and tombstones together: one name, one owner, decided by the primary key.
 */
const schema = `
  create table meta (key text primary key, value text not null) strict;
  create table workload (
    service text primary key, desired integer not null, asleep integer not null, written_replicas integer not null,
    revision integer not null default 1, stamp text, front_port integer, restarts integer not null default 0,
    last_replica integer not null default 0
  ) strict;
  create table schedule (
    service text primary key, suspended integer not null, asleep integer not null, written_suspended integer not null,
    cursor integer, pending integer, created_at integer not null, revision integer not null default 1, stamp text
  ) strict;
  create table fence (
    release text not null, move text not null, epoch integer not null, version integer not null,
    primary key (release, move)
  ) strict;
  create table freed (release text primary key, epoch integer not null) strict;
  create table run (
    name text primary key, service text not null, kind text not null check (kind in ('run', 'trial', 'tombstone')),
    tick integer, started_at integer not null, ended_at integer, exit_code integer, because text
  ) strict;
  create index run_by_service on run (service, kind, tick);
  create index run_open on run (service) where ended_at is null and kind <> 'tombstone';
  create table process (
    life text primary key, service text not null, name text not null, kind text not null check (kind in ('replica', 'run')),
    pid integer, started text, port integer, fingerprint text not null, created_at integer not null,
    draining integer not null default 0
  ) strict;
`

/** Opens and locks the state. A second supervisor of the same environment is refused, also while the first is busy. */
export const openState = (environment: LocalEnvironment): State => {
  const paths = statePathsOf(environment)
  const unusable = (cause: unknown): TitrateError => {
    const why = cause instanceof Error ? cause.message : String(cause)
    const what = `The state of environment ${environment.name} can't be used in ${paths.directory}: ${why}.`
    const action = `Free space or give write access there, or name another folder as 'state' in ${environment.file}.`
    return new TitrateError('STORE_UNAVAILABLE', `${what} ${action}`, { cause })
  }
  let state: State | null = null
  try {
    makePrivate(paths.directory)
    makePrivate(paths.socketDirectory)
    mkdirSync(join(paths.directory, 'runs'), { recursive: true, mode: 0o700 })
    mkdirSync(paths.logs, { recursive: true, mode: 0o700 })
    state = new Database(paths.database, { timeout: handOverMs })
    // The lock is the kernel's: it goes with the process, also by kill -9.
    state.pragma('locking_mode = EXCLUSIVE')
    state.pragma('journal_mode = WAL')
    state.pragma('synchronous = FULL')
    migrate(state, environment)
    return state
  } catch (error) {
    state?.close()
    if (error instanceof TitrateError) throw error
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) {
      const message = `Environment ${environment.name} already has a supervisor: its state in ${paths.directory} is locked.`
      throw new TitrateError('ENVIRONMENT_RUNNING', `${message} See it with: titrate env status ${environment.file}`)
    }
    throw unusable(error)
  }
}

const makePrivate = (directory: string): void => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Fails for a folder of somebody else's, which is right.
  chmodSync(directory, 0o700)
}

const migrate = (state: State, environment: LocalEnvironment): void => {
  // An immediate transaction takes the lock now, and not at some later write.
  state
    .transaction(() => {
      const found = Number(state.pragma('user_version', { simple: true }))
      if (found > schemaVersion) {
        const message = `The state of environment ${environment.name} was written by a newer Titrate (schema ${found}).`
        throw new TitrateError('STORE_NEWER', `${message} This one knows ${schemaVersion}: use the newer one.`)
      }
      if (found === 0) state.exec(schema)
      state.pragma(`user_version = ${schemaVersion}`)
    })
    .immediate()
}

export const readMeta = (state: State, key: string): string | null => {
  const row = state.prepare<[string], { value: string }>('select value from meta where key = ?').get(key)
  return row?.value ?? null
}

export const writeMeta = (state: State, key: string, value: string | null): void => {
  if (value === null) state.prepare('delete from meta where key = ?').run(key)
  else state.prepare('insert into meta values (?, ?) on conflict do update set value = excluded.value').run(key, value)
}

const tryAgainMs: Millis = 1_000

/** Writes down something that has happened: when the disk refuses, again until it doesn't. What happened can't be undone. */
export const durably = (write: () => void): void => {
  try {
    write()
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error
    process.stderr.write(`The state can't be written (${error.code}); trying again. Free space on its disk.\n`)
    setTimeout(() => durably(write), tryAgainMs)
  }
}
