import type { Json } from '../moves/goal.ts'
import { type DifferenceClass, differenceClasses } from '../parity/difference.ts'
import { fields, listAt, textAt } from './json-fields.ts'
import { entriesOf, type Material } from './material.ts'

export type ParityRow = {
  readonly service: string
  readonly path: string
  readonly class: DifferenceClass
  /** null: that side does not have it. */
  readonly blue: string | null
  readonly green: string | null
  readonly why: string
}

/** null in a report: the release was not checked. */
export type Parity = {
  readonly entry: number
  readonly blocking: readonly string[]
  readonly notes: readonly string[]
  readonly compared: number
  readonly counts: Readonly<Record<DifferenceClass, number>>
  /** What blocks first, then what was waived, then what the platform asks for; `left` counts those left out. */
  readonly rows: readonly ParityRow[]
  readonly left: number
}

const shownRows = 400
const urgency: Readonly<Record<DifferenceClass, number>> = { unexplained: 0, declared: 1, required: 2 }

export const readParity = (material: Material): Parity | null => {
  const checked = entriesOf(material.entries, 'checked').at(-1)
  if (checked === undefined) return null
  const { blocking, notes, findings } = checked.event
  const services = listAt(fields(findings)['parity'], 'services')
  const rows = services
    .flatMap((service) => differenceClasses.flatMap((kind) => rowsOf(service, kind)))
    .toSorted((a, b) => urgency[a.class] - urgency[b.class])
  const count = (kind: DifferenceClass): number => rows.filter((row) => row.class === kind).length
  return {
    entry: checked.position,
    blocking,
    notes,
    compared: services.length,
    counts: { required: count('required'), declared: count('declared'), unexplained: count('unexplained') },
    rows: rows.slice(0, shownRows),
    left: Math.max(0, rows.length - shownRows),
  }
}

const rowsOf = (service: Json, kind: DifferenceClass): readonly ParityRow[] =>
  listAt(service, kind).map((one) => ({
    service: textAt(service, 'service') ?? '',
    path: textAt(one, 'path') ?? '',
    class: kind,
    blue: textAt(one, 'blue'),
    green: textAt(one, 'green'),
    why: textAt(one, 'why') ?? '',
  }))
