/**
 * One writing for all cron expressions that have the same ticks by plain reading: macros, names, lists, ranges, steps
 * and spaces. What isn't plain (`L`, `W`, `#`) stays as written, in upper case.
 */
export const canonicalCron = (cron: string): string => {
  const text = cron.trim().replace(/\s+/g, ' ')
  if (/^@every /i.test(text)) return text.toLowerCase()
  const plain = macros[text.toLowerCase()] ?? text
  const written = plain.split(' ')
  const fields = written.length === 5 ? ['0', ...written] : written
  if (fields.length !== 6) return text
  return fields.map((field, index) => canonicalField(field, ranges[index])).join(' ')
}

const macros: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

type Range = {
  readonly from: number
  readonly to: number
  readonly names: readonly string[]
  /** Days: `*` and a full list differ, because two restricted day fields are joined by "or". */
  readonly day: boolean
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const ranges: readonly Range[] = [
  { from: 0, to: 59, names: [], day: false },
  { from: 0, to: 59, names: [], day: false },
  { from: 0, to: 23, names: [], day: false },
  { from: 1, to: 31, names: [], day: true },
  { from: 1, to: 12, names: months, day: false },
  { from: 0, to: 6, names: weekdays, day: true },
]

const canonicalField = (written: string, range: Range | undefined): string => {
  const text = written.toUpperCase()
  if (text === '*' || text === '?' || text === '*/1') return '*'
  if (range === undefined) return text
  const values = new Set<number>()
  for (const part of text.split(',')) {
    const found = valuesOf(part, range)
    if (found === null) return text
    for (const value of found) values.add(value)
  }
  if (!range.day && values.size === range.to - range.from + 1) return '*'
  return [...values].sort((a, b) => a - b).join(',')
}

const valuesOf = (part: string, range: Range): readonly number[] | null => {
  const match = /^(?:(\*)|([A-Z0-9]+)(?:-([A-Z0-9]+))?)(?:\/(\d+))?$/.exec(part)
  if (match === null) return null
  const [, star, first, last, every] = match
  const sunday = range.names === weekdays
  const limit = sunday ? 7 : range.to
  const from = star ? range.from : numberOf(first, range)
  const to = star ? range.to : last === undefined ? (every ? range.to : from) : numberOf(last, range)
  const step = every === undefined ? 1 : Number(every)
  if (from === null || to === null || step < 1 || from < range.from || to > limit || from > to) return null
  const values: number[] = []
  for (let value = from; value <= to; value += step) values.push(sunday ? value % 7 : value)
  return values
}

const numberOf = (text: string | undefined, range: Range): number | null => {
  if (text === undefined) return null
  if (/^\d+$/.test(text)) return Number(text)
  const at = range.names.indexOf(text)
  return at === -1 ? null : at + (range.names === months ? 1 : 0)
}

const utc = new Set([
  'utc',
  'etc/utc',
  'uct',
  'etc/uct',
  'zulu',
  'etc/zulu',
  'universal',
  'etc/universal',
  'gmt',
  'etc/gmt',
])

export const canonicalZone = (zone: string): string => (utc.has(zone.toLowerCase()) ? 'UTC' : zone)
