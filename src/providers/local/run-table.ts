import type { Run } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import { runNameOf } from '../run-name.ts'
import type { State } from './state.ts'

/** A run as it is kept. Its side is the reader's to add: an environment doesn't know which it is. */
export type KeptRun = Omit<Run, 'side'> & { readonly because: string | null }

/** Every run ever made and every tombstone, unique by name. All methods are durable when their transaction is. */
export type RunTable = {
  /** False: the name is taken, by a run or a tombstone. */
  begin(run: { name: string; service: string; tick: Millis | null; now: Millis }): boolean
  end(name: string, at: Millis, exitCode: number | null, because: string | null): void
  find(name: string): 'run' | 'tombstone' | null
  active(service: string): KeptRun[]
  open(): KeptRun[]
  /** By start, newest last. */
  since(service: string, instant: Millis): KeptRun[]
  last(service: string): KeptRun | null
  newestTick(service: string): Millis | null
  fence(service: string, tick: Millis, now: Millis): 'fenced' | 'ran'
  unfence(service: string, after: Millis): Millis[]
  fencedAfter(service: string, after: Millis): Millis[]
  /** Forgets what is older than `before` and can't matter any more, but the newest runs of each service. */
  prune(before: Millis): void
}

type Row = {
  readonly name: string
  readonly service: string
  readonly kind: 'run' | 'trial' | 'tombstone'
  readonly tick: Millis | null
  readonly started_at: Millis
  readonly ended_at: Millis | null
  readonly exit_code: number | null
  readonly because: string | null
}

const runOf = (row: Row): KeptRun => ({
  name: row.name,
  service: row.service,
  tick: row.kind === 'trial' ? null : row.tick,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  result: row.ended_at === null ? 'running' : row.exit_code === 0 ? 'succeeded' : 'failed',
  exitCode: row.exit_code,
  because: row.because,
})

const keptRuns = 1_000

export const runTableOf = (state: State): RunTable => {
  const insert = state.prepare(
    'insert or ignore into run (name, service, kind, tick, started_at) values (?, ?, ?, ?, ?)',
  )
  const rows = (where: string, ...values: readonly (string | number)[]): KeptRun[] =>
    state
      .prepare<unknown[], Row>(`select * from run where kind <> 'tombstone' and ${where}`)
      .all(...values)
      .map(runOf)
  const kindOf = state.prepare<[string], Pick<Row, 'kind'>>('select kind from run where name = ?')
  const find: RunTable['find'] = (name) => {
    const kind = kindOf.get(name)?.kind
    if (kind === undefined) return null
    return kind === 'tombstone' ? 'tombstone' : 'run'
  }
  const tombstones = (service: string, after: Millis): Millis[] =>
    state
      .prepare<[string, number], { tick: Millis }>(
        `select tick from run where service = ? and kind = 'tombstone' and tick > ? order by tick`,
      )
      .all(service, after)
      .map((row) => row.tick)

  return {
    begin: ({ name, service, tick, now }) =>
      insert.run(name, service, tick === null ? 'trial' : 'run', tick, now).changes === 1,
    end: (name, at, exitCode, because) =>
      state
        .prepare('update run set ended_at = ?, exit_code = ?, because = ? where name = ? and ended_at is null')
        .run(at, exitCode, because, name),
    find,
    active: (service) => rows('service = ? and ended_at is null order by started_at, name', service),
    open: () => rows('ended_at is null'),
    since: (service, instant) => rows('service = ? and started_at >= ? order by started_at, tick', service, instant),
    last: (service) => rows('service = ? order by started_at desc, tick desc limit 1', service)[0] ?? null,
    newestTick: (service) =>
      state
        .prepare<[string], { tick: Millis | null }>(
          `select max(tick) as tick from run where service = ? and kind = 'run'`,
        )
        .get(service)?.tick ?? null,
    fence: (service, tick, now) => {
      const name = runNameOf(service, tick)
      insert.run(name, service, 'tombstone', tick, now)
      return find(name) === 'tombstone' ? 'fenced' : 'ran'
    },
    unfence: (service, after) => {
      const removed = tombstones(service, after)
      state.prepare(`delete from run where service = ? and kind = 'tombstone' and tick > ?`).run(service, after)
      return removed
    },
    fencedAfter: tombstones,
    prune: (before) => {
      state
        .prepare(
          `delete from run where started_at < @before and (ended_at is not null or kind = 'tombstone')
           and (tick is null or tick < @before) and name not in (
             select name from (select name, row_number() over (partition by service order by started_at desc) as place from run)
             where place <= @kept)`,
        )
        .run({ before, kept: keptRuns })
    },
  }
}
