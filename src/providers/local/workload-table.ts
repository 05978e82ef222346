import type { Stamp } from '../../engine/ports.ts'
import type { State } from './state.ts'

/** What is remembered of a service's replicas. */
export type WorkloadRow = {
  readonly service: string
  readonly desired: number
  /** Born asleep and never scaled since: the count in the file doesn't count yet. */
  readonly asleep: boolean
  readonly writtenReplicas: number
  readonly revision: number
  readonly stamp: Stamp | null
  /** Where its front listened last. */
  readonly frontPort: number | null
  readonly restarts: number
}

type Raw = {
  readonly service: string
  readonly desired: number
  readonly asleep: number
  readonly written_replicas: number
  readonly revision: number
  readonly stamp: string | null
  readonly front_port: number | null
  readonly restarts: number
}

export type WorkloadTable = {
  read(service: string): WorkloadRow | null
  create(service: string, replicas: number, asleep: boolean): void
  /** A change by a person or an engine: the revision rises. */
  change(row: WorkloadRow): number
  setFrontPort(service: string, port: number): void
  countRestart(service: string): void
  /** A name that no replica of the service has had before. */
  nextReplica(service: string): string
}

export const workloadTableOf = (state: State): WorkloadTable => {
  const select = state.prepare<[string], Raw>('select * from workload where service = ?')
  return {
    read: (service) => {
      const raw = select.get(service)
      if (raw === undefined) return null
      return {
        service,
        desired: raw.desired,
        asleep: raw.asleep === 1,
        writtenReplicas: raw.written_replicas,
        revision: raw.revision,
        // Written by `change`, in this very shape.
        stamp: raw.stamp === null ? null : (JSON.parse(raw.stamp) as Stamp),
        frontPort: raw.front_port,
        restarts: raw.restarts,
      }
    },
    create: (service, replicas, asleep) =>
      state
        .prepare('insert into workload (service, desired, asleep, written_replicas) values (?, ?, ?, ?)')
        .run(service, asleep ? 0 : replicas, Number(asleep), replicas),
    change: (row) => {
      const revision = row.revision + 1
      state
        .prepare(
          'update workload set desired = ?, asleep = ?, written_replicas = ?, revision = ?, stamp = ? where service = ?',
        )
        .run(
          row.desired,
          Number(row.asleep),
          row.writtenReplicas,
          revision,
          row.stamp === null ? null : JSON.stringify(row.stamp),
          row.service,
        )
      return revision
    },
    setFrontPort: (service, port) =>
      state.prepare('update workload set front_port = ? where service = ?').run(port, service),
    countRestart: (service) =>
      state.prepare('update workload set restarts = restarts + 1 where service = ?').run(service),
    nextReplica: (service) => {
      const row = state
        .prepare<[string], { number: number }>(
          'update workload set last_replica = last_replica + 1 where service = ? returning last_replica as number',
        )
        .get(service)
      return `${service}-${row?.number ?? 0}`
    },
  }
}
