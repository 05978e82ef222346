import type Database from 'better-sqlite3'
import type { EventRow, ObservationRow } from '../entries.ts'

export type ReleaseRow = {
  readonly id: number
  readonly epoch: number
  readonly position: number
  readonly hash: string
  readonly observation: number
}

type Page = { release: number; kind: string; from: string; to: string; after: number; limit: number }

const eventColumns = 'position, stream, version, at, epoch, observation, hash, format, body'
const observationColumns = 'o.id, o.kind, o.subject, o.at, o.body'

/** All the SQL of the store but its schema, compiled once a connection. `:release` is the release's id. */
export const prepareStatements = (db: Database.Database) => ({
  release: db.prepare<[name: string], ReleaseRow>(
    'select id, epoch, position, hash, observation from releases where name = ?',
  ),
  addRelease: db.prepare<[name: string, hash: string]>(
    'insert into releases (name, epoch, position, hash, observation) values (?, 0, 0, ?, 0)',
  ),
  setHead: db.prepare<[{ id: number; epoch: number; position: number; hash: string }]>(
    'update releases set epoch = :epoch, position = :position, hash = :hash where id = :id',
  ),
  version: db
    .prepare<[release: number, stream: string], number>(
      'select version from events where release = ? and stream = ? order by version desc limit 1',
    )
    .pluck(),
  addEvent: db.prepare<[EventRow & { release: number }]>(
    `insert into events (release, ${eventColumns})
     values (:release, :position, :stream, :version, :at, :epoch, :observation, :hash, :format, :body)`,
  ),
  events: db.prepare<[release: number, after: number, limit: number], EventRow>(
    `select ${eventColumns} from events where release = ? and position > ? order by position limit ?`,
  ),
  addObservation: db.prepare<[ObservationRow & { release: number }]>(
    'insert into observations (release, id, kind, subject, at, body) values (:release, :id, :kind, :subject, :at, :body)',
  ),
  setObservation: db.prepare<[observation: number, release: number]>(
    'update releases set observation = ? where id = ?',
  ),
  setLatestFact: db.prepare<[release: number, subject: string, observation: number]>(
    `insert into latest_facts (release, subject, observation) values (?, ?, ?)
     on conflict (release, subject) do update set observation = excluded.observation`,
  ),
  facts: db.prepare<[release: number], ObservationRow>(
    `select ${observationColumns} from latest_facts l join observations o on o.release = l.release and o.id = l.observation
     where l.release = ? order by o.id`,
  ),
  // Without a prefix the primary key serves at once. With one, SQLite can't know whether many rows have it: then the
  // primary key serves, too; or few: then reading all others would take seconds, and the index is the way.
  allObservations: db.prepare<[{ release: number; kind: string; after: number; limit: number }], ObservationRow>(
    `select ${observationColumns} from observations o
     where o.release = :release and o.id > :after and +o.kind = :kind order by o.id limit :limit`,
  ),
  countBelow: db
    .prepare<[{ release: number; kind: string; from: string; to: string; most: number }], number>(
      `select count(*) from (
         select 1 from observations indexed by observations_by_subject
         where release = :release and kind = :kind and subject >= :from and subject < :to limit :most
       )`,
    )
    .pluck(),
  manyBelow: db.prepare<[Page], ObservationRow>(
    `select ${observationColumns} from observations o
     where o.release = :release and o.id > :after and +o.kind = :kind and +o.subject >= :from and +o.subject < :to
     order by o.id limit :limit`,
  ),
  fewBelow: db.prepare<[Page], ObservationRow>(
    `select ${observationColumns} from observations o where o.release = :release and o.id in (
       select id from observations indexed by observations_by_subject
       where release = :release and kind = :kind and subject >= :from and subject < :to and id > :after
       order by id limit :limit
     ) order by o.id`,
  ),
  prunable: db.prepare<[release: number, upTo: number], ObservationRow>(
    `select ${observationColumns} from observations o
     where o.release = ? and o.id <= ?
       and not exists (select 1 from latest_facts l where l.release = o.release and l.subject = o.subject and l.observation = o.id)
     order by o.id`,
  ),
  prune: db.prepare<[release: number, upTo: number]>(
    `delete from observations where release = ? and id <= ?
       and not exists (select 1 from latest_facts l
         where l.release = observations.release and l.subject = observations.subject and l.observation = observations.id)`,
  ),
})

export type Statements = ReturnType<typeof prepareStatements>
