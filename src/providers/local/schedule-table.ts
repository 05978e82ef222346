import type { Stamp } from '../../engine/ports.ts'
import type { Millis } from '../../moves/goal.ts'
import type { State } from './state.ts'

/** What is remembered of a schedule. */
export type ScheduleRow = {
  readonly service: string
  readonly suspended: boolean
  /** Born asleep and never resumed since: what the file says of `suspend` doesn't count yet. */
  readonly asleep: boolean
  readonly writtenSuspended: boolean
  readonly cursor: Millis | null
  readonly pending: Millis | null
  readonly createdAt: Millis
  readonly revision: number
  readonly stamp: Stamp | null
}

type Raw = {
  readonly service: string
  readonly suspended: number
  readonly asleep: number
  readonly written_suspended: number
  readonly cursor: Millis | null
  readonly pending: Millis | null
  readonly created_at: Millis
  readonly revision: number
  readonly stamp: string | null
}

export type ScheduleTable = {
  read(service: string): ScheduleRow | null
  create(service: string, suspended: boolean, asleep: boolean, now: Millis): void
  /** The scheduler's own progress: no change in the sense of revisions. */
  advance(service: string, cursor: Millis | null, pending: Millis | null): void
  /** A change by a person or an engine: the revision rises. */
  change(row: ScheduleRow): number
}

export const scheduleTableOf = (state: State): ScheduleTable => {
  const select = state.prepare<[string], Raw>('select * from schedule where service = ?')
  return {
    read: (service) => {
      const raw = select.get(service)
      if (raw === undefined) return null
      return {
        service,
        suspended: raw.suspended === 1,
        asleep: raw.asleep === 1,
        writtenSuspended: raw.written_suspended === 1,
        cursor: raw.cursor,
        pending: raw.pending,
        createdAt: raw.created_at,
        revision: raw.revision,
        // Written by `change`, in this very shape.
        stamp: raw.stamp === null ? null : (JSON.parse(raw.stamp) as Stamp),
      }
    },
    create: (service, suspended, asleep, now) =>
      state
        .prepare(
          `insert into schedule (service, suspended, asleep, written_suspended, created_at) values (?, ?, ?, ?, ?)`,
        )
        .run(service, Number(suspended || asleep), Number(asleep), Number(suspended), now),
    advance: (service, cursor, pending) =>
      state.prepare('update schedule set cursor = ?, pending = ? where service = ?').run(cursor, pending, service),
    change: (row) => {
      const revision = row.revision + 1
      state
        .prepare(
          `update schedule set suspended = ?, asleep = ?, written_suspended = ?, cursor = ?, pending = ?, revision = ?,
           stamp = ? where service = ?`,
        )
        .run(
          Number(row.suspended),
          Number(row.asleep),
          Number(row.writtenSuspended),
          row.cursor,
          row.pending,
          revision,
          row.stamp === null ? null : JSON.stringify(row.stamp),
          row.service,
        )
      return revision
    },
  }
}
