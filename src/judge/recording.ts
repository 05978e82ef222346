import type { Millis } from './sample.ts'

/** Recorded counters of a past release, parsed. The format is described in `docs/judge-replay.md`. */
export type Reading = {
  /** Line in the file, from 1. */
  readonly line: number
  readonly at: Millis
  readonly arm: 'blue' | 'green'
  /** One source of counters, such as a pod. Differences are taken per series, then summed. */
  readonly series: string
  readonly requests: number
  readonly errors: number
  /** Requests that the router assigned to the arm. */
  readonly assigned: number | null
  /** Green's weight in percent, where it was recorded. */
  readonly weight: number | null
  /** Requests that took at most the bound (milliseconds), cumulative over bounds. Empty: no latency. */
  readonly buckets: ReadonlyMap<number, number>
}

export type Recording = {
  /** `cumulative`: counters as they stood. `increments`: what was added since the reading before. */
  readonly counters: 'cumulative' | 'increments'
  /** In order of time. */
  readonly readings: readonly Reading[]
}

export type RecordingFault = {
  readonly line: number
  readonly field: string
  /** As it stood in the file; empty if absent. */
  readonly value: string
  readonly expected: string
}

export type ReadRecording =
  | { readonly kind: 'ok'; readonly recording: Recording }
  | { readonly kind: 'faults'; readonly faults: readonly RecordingFault[] }

type Fields = Readonly<Record<string, unknown>>
type Row = { readonly line: number; readonly fields: Fields }
type Rows = { readonly rows: readonly Row[]; readonly faults: readonly RecordingFault[] }

/** More faults than this are only counted: they mostly have one cause. */
const SHOWN_FAULTS = 100

/** Reads a recording, or names every fault with its line and value. */
export const readRecording = (text: string, format: 'jsonl' | 'csv'): ReadRecording => {
  const clean = text.replace(/^\uFEFF/, '')
  const { rows, faults } = format === 'csv' ? csvRows(clean) : jsonRows(clean)
  const [first] = rows
  const header = first !== undefined && 'counters' in first.fields && !('arm' in first.fields) ? first : null
  const counters = header?.fields['counters'] ?? 'cumulative'
  const found: RecordingFault[] = [...faults]
  if (counters !== 'cumulative' && counters !== 'increments')
    found.push(fault(header?.line ?? 1, 'counters', counters, '"cumulative" or "increments"'))
  const readings = (header === null ? rows : rows.slice(1)).flatMap((row) => readRow(row, found))
  found.push(...outOfOrder(readings))
  if (found.length === 0 && readings.length === 0)
    found.push(fault(1, 'file', '', 'at least one reading of each arm at two times'))
  if (found.length > 0) return { kind: 'faults', faults: found.slice(0, SHOWN_FAULTS) }
  return {
    kind: 'ok',
    recording: {
      counters: counters === 'increments' ? 'increments' : 'cumulative',
      readings: [...readings].sort((a, b) => a.at - b.at),
    },
  }
}

const fault = (line: number, field: string, value: unknown, expected: string): RecordingFault => ({
  line,
  field,
  value: value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value),
  expected,
})

const jsonRows = (text: string): Rows => {
  const faults: RecordingFault[] = []
  const rows = text.split(/\r?\n/).flatMap((source, i): readonly Row[] => {
    if (source.trim() === '') return []
    const line = i + 1
    try {
      const value: unknown = JSON.parse(source)
      // A JSON object is a record of unknown values; arrays and null are told apart first.
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        return [{ line, fields: value as Fields }]
    } catch {
      // Named below, like a line that is JSON but no object.
    }
    faults.push(fault(line, 'line', source.slice(0, 80), 'one JSON object'))
    return []
  })
  return { rows, faults }
}

const csvRows = (text: string): Rows => {
  const faults: RecordingFault[] = []
  const rows: Row[] = []
  let columns: readonly string[] | null = null
  for (const [i, source] of text.split(/\r?\n/).entries()) {
    const line = i + 1
    if (source.trim() === '') continue
    const setting = /^#\s*counters\s*:\s*(\S*)\s*$/.exec(source)
    if (setting !== null && rows.length === 0) rows.push({ line, fields: { counters: setting[1] ?? '' } })
    if (source.startsWith('#')) continue
    const cells = source.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
    if (columns === null) {
      columns = cells
      faults.push(...columnFaults(columns, line))
      continue
    }
    if (cells.length !== columns.length) {
      faults.push(
        fault(line, 'line', source.slice(0, 80), `${columns.length} cells, as in the header; found ${cells.length}`),
      )
      continue
    }
    const named = columns
    const present = cells.flatMap((cell, c): readonly (readonly [string, string])[] =>
      cell === '' ? [] : [[named[c] ?? '', cell]],
    )
    const buckets = present.flatMap(([name, cell]) => (name.startsWith('le_') ? [[name.slice(3), cell] as const] : []))
    const plain = Object.fromEntries(present.filter(([name]) => !name.startsWith('le_')))
    rows.push({ line, fields: buckets.length === 0 ? plain : { ...plain, le: Object.fromEntries(buckets) } })
  }
  return { rows, faults }
}

const KNOWN = ['at', 'arm', 'series', 'requests', 'errors', 'assigned', 'weight', 'le'] as const

const columnFaults = (columns: readonly string[], line: number): readonly RecordingFault[] => [
  ...columns.flatMap((name) =>
    name.startsWith('le_') || (name !== 'le' && (KNOWN as readonly string[]).includes(name))
      ? []
      : [fault(line, 'column', name, 'one of at, arm, series, requests, errors, assigned, weight, or le_SECONDS')],
  ),
  ...['at', 'arm', 'requests', 'errors'].flatMap((name) =>
    columns.includes(name) ? [] : [fault(line, name, undefined, 'a column of this name in the header')],
  ),
]

/** One reading; adds to `faults` and gives nothing if there are any. */
const readRow = ({ line, fields }: Row, faults: RecordingFault[]): readonly Reading[] => {
  const before = faults.length
  const at = readTime(fields['at'])
  if (at === null)
    faults.push(fault(line, 'at', fields['at'], 'a time such as 2026-11-23T10:00:05Z, or milliseconds since 1970'))
  const arm = fields['arm']
  if (arm !== 'blue' && arm !== 'green') faults.push(fault(line, 'arm', arm, '"blue" or "green"'))
  const needed = (field: string): number => {
    const value = readCount(fields[field])
    if (value === null) faults.push(fault(line, field, fields[field], 'a number, 0 or more'))
    return value ?? 0
  }
  const optional = (field: string): number | null =>
    fields[field] === undefined || fields[field] === null ? null : needed(field)
  const [requests, errors, assigned, weight] = [
    needed('requests'),
    needed('errors'),
    optional('assigned'),
    optional('weight'),
  ]
  if (errors > requests)
    faults.push(fault(line, 'errors', fields['errors'], `at most ${requests}, the requests of this line`))
  if (weight !== null && weight > 100)
    faults.push(fault(line, 'weight', fields['weight'], 'a percentage from 0 to 100'))
  const buckets = readBuckets(line, fields['le'], faults)
  for (const field of Object.keys(fields))
    if (!(KNOWN as readonly string[]).includes(field))
      faults.push(fault(line, field, fields[field], `no such field; known are ${KNOWN.join(', ')}`))
  if (faults.length > before || at === null || (arm !== 'blue' && arm !== 'green')) return []
  const named = fields['series']
  const series = typeof named === 'string' || typeof named === 'number' ? `${named}` : ''
  return [{ line, at, arm, series, requests, errors, assigned, weight, buckets }]
}

const readCount = (value: unknown): number | null => {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  return Number.isFinite(number) && number >= 0 ? number : null
}

const readTime = (value: unknown): Millis | null => {
  const number = readCount(value)
  if (number !== null) return number
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value))
    return null
  const parsed = Date.parse(value)
  return Number.isNaN(parsed) ? null : parsed
}

const readBuckets = (line: number, le: unknown, faults: RecordingFault[]): ReadonlyMap<number, number> => {
  if (le === undefined || le === null) return new Map()
  if (typeof le !== 'object' || Array.isArray(le)) {
    faults.push(fault(line, 'le', le, 'an object such as {"0.1": 420, "0.5": 433, "+Inf": 433}'))
    return new Map()
  }
  const pairs = Object.entries(le).flatMap(([bound, value]): readonly (readonly [number, number])[] => {
    const seconds = bound === '+Inf' ? Number.POSITIVE_INFINITY : readCount(bound)
    const count = readCount(value)
    if (seconds === null) faults.push(fault(line, `le ${bound}`, bound, 'a bound in seconds, or +Inf'))
    if (count === null) faults.push(fault(line, `le ${bound}`, value, 'a number, 0 or more'))
    return seconds === null || count === null ? [] : [[seconds * 1000, count]]
  })
  const sorted = [...pairs].sort(([a], [b]) => a - b)
  for (const [i, [ms, count]] of sorted.entries()) {
    const previous = sorted[i - 1]
    if (previous !== undefined && count < previous[1])
      faults.push(
        fault(
          line,
          `le ${ms / 1000}`,
          count,
          `at least ${previous[1]}, the count at ${previous[0] / 1000}: buckets are cumulative`,
        ),
      )
  }
  return new Map(sorted)
}

/** Times of one series must rise: a file that jumps back has been put together wrongly. */
const outOfOrder = (readings: readonly Reading[]): readonly RecordingFault[] => {
  const last = new Map<string, Reading>()
  return readings.flatMap((reading) => {
    const key = `${reading.arm} ${reading.series}`
    const before = last.get(key)
    last.set(key, reading)
    if (before === undefined || reading.at > before.at) return []
    return [
      fault(
        reading.line,
        'at',
        reading.at,
        `a time after that of line ${before.line} (${before.at}), the reading of ${key.trim()} before it`,
      ),
    ]
  })
}
