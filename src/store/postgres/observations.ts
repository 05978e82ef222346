import { createHash } from 'node:crypto'
import type pg from 'pg'
import { type ObservationRow, prepareObservation, prunedLine, readObservation } from '../entries.ts'
import type { Store } from '../store.ts'
import { inTransaction, type Postgres } from './connect.ts'
import { fail } from './failure.ts'
import { addRelease } from './journal.ts'

type Prepared = ReturnType<typeof prepareObservation>

/**
 * Takes the next `count` ids under the release's lock; answers the last one. The commit isn't waited for on the disk:
 * the log is one, so the commit of the next event, which is, carries what was observed before it.
 */
const takeIds = async (
  client: pg.PoolClient,
  release: string,
  count: number,
): Promise<{ readonly id: number; readonly last: number }> => {
  const update = `update titrate.releases set observation = observation + $2 where name = $1
    returning id, observation as last, set_config('synchronous_commit', 'off', true)`
  const found = await client.query<{ id: number; last: number }>(update, [release, count])
  if (found.rows[0] !== undefined) return found.rows[0]
  await addRelease(client, release)
  const added = await client.query<{ id: number; last: number }>(update, [release, count])
  const row = added.rows[0]
  if (row === undefined) throw new Error(`the row of the release ${release} is gone`)
  return row
}

const writeObservations = async (
  client: pg.PoolClient,
  { release, first, observations }: { release: number; first: number; observations: readonly Prepared[] },
): Promise<void> => {
  const column = (field: keyof Prepared) => observations.map((observation) => observation[field])
  await client.query(
    `insert into titrate.observations (release, id, kind, subject, at, body)
     select $1, $2::bigint + o.ordinality - 1, o.kind, o.subject, o.at, o.body
     from unnest($3::text[], $4::text[], $5::bigint[], $6::text[]) with ordinality as o (kind, subject, at, body)`,
    [release, first, column('kind'), column('subject'), column('at'), column('body')],
  )
  // One row a subject: an insert can't change the same row twice.
  const latest = new Map(
    observations.flatMap(({ kind, subject }, index) => (kind === 'fact' ? [[subject, first + index] as const] : [])),
  )
  await client.query(
    `insert into titrate.latest_facts (release, subject, observation)
     select $1, * from unnest($2::text[], $3::bigint[])
     on conflict (release, subject) do update set observation = excluded.observation`,
    [release, [...latest.keys()], [...latest.values()]],
  )
}

const notLatest = `not exists (select 1 from titrate.latest_facts l
  where l.release = o.release and l.subject = o.subject and l.observation = o.id)`

const prunedAtOnce = 10_000

const prune = async (
  client: pg.PoolClient,
  release: string,
  upTo: number,
): Promise<{ readonly removed: number; readonly hash: string }> => {
  // One view of the data for all that follows, which may take as long as it takes.
  await client.query(`set transaction isolation level repeatable read; set local statement_timeout = 0`)
  const mine = `release = (select id from titrate.releases where name = $1) and id <= $2 and ${notLatest}`
  const hash = createHash('sha256')
  for (let after = 0; ; ) {
    const { rows } = await client.query<ObservationRow>(
      `select id, kind, subject, at, body from titrate.observations o where ${mine} and id > $3 order by id limit $4`,
      [release, upTo, after, prunedAtOnce],
    )
    for (const row of rows) hash.update(prunedLine(row))
    after = rows.at(-1)?.id ?? upTo
    if (rows.length < prunedAtOnce) break
  }
  const { rowCount } = await client.query(`delete from titrate.observations o where ${mine}`, [release, upTo])
  return { removed: rowCount ?? 0, hash: hash.digest('hex') }
}

/** The observations' part of a store. */
export const createObservations = (
  postgres: Postgres,
  release: string,
): Pick<Store, 'observe' | 'facts' | 'observations' | 'prune'> => {
  const { pool, where } = postgres
  return {
    observe: async (observations) => {
      const prepared = observations.map(prepareObservation)
      return inTransaction(postgres, async (client) => {
        const { id, last } = await takeIds(client, release, prepared.length)
        if (prepared.length > 0) {
          const first = last - prepared.length + 1
          await writeObservations(client, { release: id, first, observations: prepared })
        }
        return last
      }).catch(fail(where))
    },

    facts: async () => {
      const { rows } = await pool
        .query<ObservationRow>(
          `select o.id, o.kind, o.subject, o.at, o.body
           from titrate.releases r
           join titrate.latest_facts l on l.release = r.id
           join titrate.observations o on o.release = l.release and o.id = l.observation
           where r.name = $1 order by o.id`,
          [release],
        )
        .catch(fail(where))
      return rows.map(readObservation)
    },

    observations: async ({ kind, subjectPrefix, after, limit }) => {
      // Without a prefix the primary key serves at once, with one the index does.
      const below = subjectPrefix === '' ? '' : 'and o.subject >= $5 and o.subject < $6'
      const { rows } = await pool
        .query<ObservationRow>(
          `select o.id, o.kind, o.subject, o.at, o.body from titrate.observations o
           where o.release = (select id from titrate.releases where name = $1) and o.kind = $2 and o.id > $3 ${below}
           order by o.id limit $4`,
          [release, kind, after, limit, ...(subjectPrefix === '' ? [] : [subjectPrefix, `${subjectPrefix}\u{10ffff}`])],
        )
        .catch(fail(where))
      return rows.map(readObservation)
    },

    prune: (upTo) => inTransaction(postgres, (client) => prune(client, release, upTo)).catch(fail(where)),
  }
}
