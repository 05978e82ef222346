import type { Millis } from '../../moves/goal.ts'
import { findByLife, isAlive, type ProcessIdentity, startOf } from './process-group.ts'
import type { State } from './state.ts'

/** One line of the book: a process that was about to be started, or was. */
export type Entry = {
  /** Its token, which it also has in its environment. */
  readonly life: string
  readonly service: string
  /** The replica's name, or the run's. */
  readonly name: string
  readonly kind: 'replica' | 'run'
  readonly port: number | null
  readonly fingerprint: string
  readonly createdAt: Millis
}

export type Leftover = Entry & { readonly identity: ProcessIdentity | null; readonly draining: boolean }

/**
 * Which processes there are, written down before they are started. After kill -9 of the supervisor every one of them
 * is found again, by number and start, or by its token: none is forgotten, none is started twice.
 */
export type ProcessBook = {
  open(entry: Entry): void
  record(life: string, identity: ProcessIdentity): void
  draining(name: string): void
  close(life: string): void
  closeByName(name: string): void
  leftovers(): Leftover[]
}

type Row = {
  readonly life: string
  readonly service: string
  readonly name: string
  readonly kind: 'replica' | 'run'
  readonly pid: number | null
  readonly started: string | null
  readonly port: number | null
  readonly fingerprint: string
  readonly created_at: Millis
  readonly draining: number
}

export const processBookOf = (state: State): ProcessBook => ({
  open: (entry) =>
    state
      .prepare(
        `insert into process (life, service, name, kind, port, fingerprint, created_at)
         values (@life, @service, @name, @kind, @port, @fingerprint, @createdAt)`,
      )
      .run(entry),
  record: (life, identity) =>
    state.prepare('update process set pid = ?, started = ? where life = ?').run(identity.pid, identity.started, life),
  draining: (name) => state.prepare('update process set draining = 1 where name = ?').run(name),
  close: (life) => state.prepare('delete from process where life = ?').run(life),
  closeByName: (name) => state.prepare('delete from process where name = ?').run(name),
  leftovers: () => {
    const rows = state.prepare<[], Row>('select * from process').all()
    const unnumbered = findByLife(new Set(rows.filter((row) => row.pid === null).map((row) => row.life)))
    return rows.map((row) => ({
      life: row.life,
      service: row.service,
      name: row.name,
      kind: row.kind,
      port: row.port,
      fingerprint: row.fingerprint,
      createdAt: row.created_at,
      draining: row.draining === 1,
      identity: identityOf(row, unnumbered),
    }))
  },
})

const identityOf = (row: Row, unnumbered: ReadonlyMap<string, number>): ProcessIdentity | null => {
  const pid = row.pid ?? unnumbered.get(row.life)
  if (pid === undefined) return null
  const started = row.started ?? startOf(pid)
  if (started === null) return null
  const identity = { pid, started }
  return isAlive(identity) ? identity : null
}
