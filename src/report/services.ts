import type { Millis, Side } from '../moves/goal.ts'
import type { MoveKind } from '../plan/plan.ts'
import type { Replicas } from '../views/status-view.ts'
import { factsOf } from '../views/stored-facts.ts'
import { readEvidence } from './evidence.ts'
import { entriesOf, type Material } from './material.ts'

/** What became of a service, in a few words, with the figures that it rests on. */
export type ServiceReport = {
  readonly service: string
  readonly kind: MoveKind
  readonly wave: number
  readonly where: Side | 'between'
  readonly state: string
  /** Proven, timed or suspended: how it settled; null: it has not, or nothing needs saying. */
  readonly label: string | null
  /** How many of its judged steps were proven; null: none of its steps is judged. */
  readonly proven: { readonly steps: number; readonly of: number } | null
  readonly verdict: string | null
  readonly because: string | null
  readonly settledAt: Millis | null
  readonly attempts: number
  readonly why: readonly string[]
  readonly entry: number | null
}

export const readServices = (material: Material): readonly ServiceReport[] => {
  const evidence = readEvidence(material)
  const last = new Map<string, number>()
  for (const { service, position } of entriesOf(
    material.entries,
    'ordered',
    'entered',
    'held',
    'settled',
    'skipped',
    'stuck',
  ))
    if (service !== null) last.set(service, position)
  const passed = new Map(
    entriesOf(material.entries, 'gate passed').map(({ service, event }) => [service, event.because]),
  )
  return material.status.services.map((row) => {
    const { service } = row
    const state = material.journal.moves.get(service)
    const judged = evidence.get(service) ?? []
    return {
      service,
      kind: row.kind,
      wave: row.wave,
      where: row.where,
      state: row.state,
      label: row.label ?? (state?.unproven === true ? 'timed, unproven' : null),
      proven:
        judged.length === 0 ? null : { steps: judged.filter(({ how }) => how === 'proven').length, of: judged.length },
      verdict: row.verdict?.verdict ?? null,
      because:
        state?.skipped?.because ??
        row.waitsFor ??
        row.verdict?.because ??
        (row.state === 'settled' ? passed.get(service) : undefined) ??
        state?.orderBecause ??
        null,
      settledAt: state?.settled?.at ?? null,
      attempts: state === undefined || state.step < 0 ? 0 : state.attempt + 1,
      why: material.plan?.moves[service]?.why ?? [],
      entry: last.get(service) ?? null,
    }
  })
}

export type SizeRow = {
  readonly service: string
  readonly version: { readonly blue: string | null; readonly green: string | null }
  /** Replicas on blue when the release began. */
  readonly before: number
  /** As last seen; null: never seen. */
  readonly now: { readonly blue: Replicas | null; readonly green: Replicas | null }
}

/** Replicas before and after. Jobs have none. */
export const readSizes = (material: Material): readonly SizeRow[] =>
  material.status.services.flatMap(({ service, kind, replicas }) => {
    if (kind === 'job') return []
    const { workload } = factsOf(material.stored, service, material.journal)
    const baseline = material.journal.moves.get(service)?.baseline ?? null
    return [
      {
        service,
        version: { blue: workload.blue?.value.version ?? null, green: workload.green?.value.version ?? null },
        before: baseline?.replicas ?? material.plan?.moves[service]?.replicas ?? 0,
        now: replicas,
      },
    ]
  })
