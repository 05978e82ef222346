import type { Millis } from '../moves/goal.ts'
import { type EntryOf, entriesOf, type Material } from './material.ts'

export const troubleKinds = ['drift', 'pause', 'hold', 'blind', 'call', 'stop', 'not watched'] as const
export type TroubleKind = (typeof troubleKinds)[number]

/** Something that stood in the way for a time. */
export type Trouble = {
  readonly kind: TroubleKind
  /** null: the release as a whole. */
  readonly service: string | null
  readonly from: Millis
  /** null: not over. */
  readonly to: Millis | null
  readonly because: string
  /** How it ended; null: not over, or nobody said. */
  readonly ended: string | null
  readonly entry: number
  readonly endEntry: number | null
}

type Spell = { -readonly [K in keyof Trouble]: Trouble[K] }

/** What opens a spell, and what closes it, by a key of its own for each thing that can be open by itself. */
type Mark =
  | { readonly kind: 'opens'; readonly key: string; readonly trouble: TroubleKind; readonly because: string }
  | { readonly kind: 'closes'; readonly keys: readonly string[]; readonly how: string }

type Marking = EntryOf<
  | 'drifted'
  | 'drift ended'
  | 'paused'
  | 'went on'
  | 'held'
  | 'resumed'
  | 'judged'
  | 'called a person'
  | 'call ended'
  | 'stop seen'
  | 'stop cleared'
>

const marksOf = ({ event, service }: Marking): readonly Mark[] => {
  const own = service ?? '*'
  const opens = (key: string, trouble: TroubleKind, because: string): Mark => ({ kind: 'opens', key, trouble, because })
  const closes = (how: string, ...keys: readonly string[]): Mark => ({ kind: 'closes', keys, how })
  switch (event.kind) {
    case 'drifted':
      return [
        opens(
          `drift ${own} ${event.lane}`,
          'drift',
          `its ${event.lane} was changed towards ${event.towards}: ${event.found}`,
        ),
      ]
    case 'drift ended':
      return [closes(event.because, `drift ${own} ${event.lane}`)]
    case 'paused':
      return [opens(`pause ${own}`, 'pause', event.because)]
    case 'went on':
      return [closes(event.because, `pause ${own}`)]
    case 'held':
      return [opens(`hold ${own}`, 'hold', `by ${event.by}: ${event.because}`)]
    case 'resumed':
      return [closes(`let go on by ${event.by}: ${event.because}`, `hold ${own}`)]
    case 'judged':
      return event.verdict === 'blind'
        ? [opens(`blind ${own}`, 'blind', event.because)]
        : [closes(`judged "${event.verdict}" again: ${event.because}`, `blind ${own}`)]
    case 'called a person':
      return [opens(`call ${event.service ?? '*'} ${event.because}`, 'call', event.because)]
    case 'call ended':
      return [closes('nobody is needed any more', `call ${event.key}`)]
    case 'stop seen':
      return [opens('stop', 'stop', `${event.by} used break-glass on ${event.where}: ${event.because}`)]
    case 'stop cleared':
      return [closes(`cleared by ${event.by}`, 'stop')]
    default:
      return event satisfies never
  }
}

const kinds = [
  'drifted',
  'drift ended',
  'paused',
  'went on',
  'held',
  'resumed',
  'judged',
  'called a person',
  'call ended',
  'stop seen',
  'stop cleared',
] as const

/** Drift, pauses, holds, blind spells, calls and stop marks with their lengths, and times without anybody watching. By their beginning. */
export const readTroubles = (material: Material): readonly Trouble[] => {
  const all: Spell[] = []
  const open = new Map<string, Spell>()
  for (const entry of entriesOf(material.entries, ...kinds)) {
    for (const mark of marksOf(entry)) {
      if (mark.kind === 'closes') {
        for (const key of mark.keys) {
          const spell = open.get(key)
          if (spell === undefined) continue
          Object.assign(spell, { to: entry.at, ended: mark.how, endEntry: entry.position })
          open.delete(key)
        }
        continue
      }
      if (open.has(mark.key)) continue
      const service = entry.event.kind === 'called a person' ? entry.event.service : entry.service
      const { trouble: kind, because } = mark
      const spell: Spell = {
        kind,
        service,
        from: entry.at,
        to: null,
        because,
        ended: null,
        entry: entry.position,
        endEntry: null,
      }
      all.push(spell)
      open.set(mark.key, spell)
    }
  }
  return [...all, ...readGaps(material)].toSorted((a, b) => a.from - b.from || a.entry - b.entry)
}

const readGaps = ({ entries }: Material): readonly Trouble[] =>
  entriesOf(entries, 'took over', 'not watched').flatMap(({ event, position: entry }) => {
    const gap = event.kind === 'took over' ? event.gap : event
    if (gap === null) return []
    const because = event.kind === 'took over' ? `no engine ran until ${event.engine} took over` : event.because
    const spell: Trouble = {
      kind: 'not watched',
      service: null,
      from: gap.from,
      to: gap.until,
      because,
      ended: 'watched again; the time counts neither as dwell nor as soak',
      entry,
      endEntry: entry,
    }
    return [spell]
  })
