import type { Answer, Call } from '../../engine/ports.ts'
import type { Json } from '../../moves/goal.ts'
import { isStampOf, stampAfter } from '../stamp.ts'
import type { ClaimTable } from './claim-table.ts'
import type { State } from './state.ts'
import type { WorkloadRow, WorkloadTable } from './workload-table.ts'

/** An act as it comes over the socket: a call without its signal. */
export type ActCall = Omit<Call, 'signal'>
export type Revised = Answer<{ readonly revision: string }>

/** Acts on replicas: admitted by fence and claim, checked by revision, stamped in the write that changes. */
export type WorkloadActs = {
  provision(call: ActCall, service: string, baseline: Json): Revised
  scale(call: ActCall, service: string, replicas: number, baseline: Json): Revised
  /** A person's change: no fence, no stamp, a new revision. */
  scaleByHand(service: string, replicas: number): Revised
}

type Options = {
  readonly state: State
  readonly claims: ClaimTable
  readonly workloads: WorkloadTable
  /** Why there is no such service here; null: there is. */
  missing(service: string): string | null
  onChanged(service: string): void
}

export const workloadActsOf = (options: Options): WorkloadActs => {
  const { state, claims, workloads } = options

  const act = (call: ActCall, service: string, baseline: Json, change: (row: WorkloadRow) => WorkloadRow): Revised =>
    state.transaction((): Revised => {
      const because = options.missing(service) ?? claims.admit(call.fence)
      if (because !== null) return { kind: 'refused', because }
      const row = workloads.read(service)
      if (row === null) return { kind: 'refused', because: `${service} was never applied` }
      const wanted = change(row)
      const holds = wanted.desired === row.desired && wanted.asleep === row.asleep
      if (holds && isStampOf(row.stamp, call)) return revised(row.revision)
      const conflict = conflictOf(call, service, row.revision)
      if (conflict !== null) return conflict
      const revision = workloads.change({ ...wanted, stamp: stampAfter(row.stamp, call, baseline) })
      setImmediate(() => options.onChanged(service))
      return revised(revision)
    })()

  return {
    provision: (call, service, baseline) => act(call, service, baseline, (row) => row),
    scale: (call, service, replicas, baseline) =>
      act(call, service, baseline, (row) => ({ ...row, desired: replicas, asleep: false })),
    scaleByHand: (service, replicas) =>
      state.transaction((): Revised => {
        const row = workloads.read(service)
        const because = options.missing(service)
        if (because !== null || row === null) return { kind: 'refused', because: because ?? `${service} is unknown` }
        if (row.desired === replicas) return revised(row.revision)
        const revision = workloads.change({ ...row, desired: replicas, asleep: false })
        setImmediate(() => options.onChanged(service))
        return revised(revision)
      })(),
  }
}

export const revised = (revision: number): Revised => ({ kind: 'ok', value: { revision: String(revision) } })

/** Somebody wrote since the caller read; null: nobody did, or the caller doesn't mind. */
export const conflictOf = (
  call: ActCall,
  service: string,
  revision: number,
): (Answer<never> & { kind: 'conflict' }) | null =>
  call.revision === undefined || call.revision === String(revision)
    ? null
    : { kind: 'conflict', because: `${service} is at revision ${revision}, not ${call.revision}: read it again` }
