import { parseDuration } from '../config/duration.ts'
import { nearestWord } from '../config/nearest.ts'
import { TitrateError } from '../errors.ts'
import { type AssumptionKey, assumptionKeys, assumptionKinds, type SetAssumptions } from '../rehearsal/assumption.ts'
import type { Deps } from './deps.ts'
import { absolute } from './release-file.ts'

type Unit = (typeof assumptionKinds)[AssumptionKey]['unit']

const perSecond: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3_600 }
const plainNumber = /^\d+(?:\.\d+)?$/

const inRange = (value: number, least: number, most = Number.POSITIVE_INFINITY): number | null =>
  value >= least && value <= most ? value : null

/** How a value of each unit is written, and read; null: it can't be. */
const units: Readonly<Record<Unit, { readonly expected: string; readonly read: (text: string) => number | null }>> = {
  'per second': {
    expected: 'a rate such as 120/s, 30/min or 500/h',
    read: (text) => {
      const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(?:\/(s|m|min|h))?$/.exec(text) ?? []
      return amount === undefined ? null : inRange(Number(amount) / (perSecond[unit] ?? 1), 1e-6)
    },
  },
  share: {
    expected: 'a share such as 0.1% or 0.001, below 100%',
    read: (text) => {
      const isPercent = text.endsWith('%')
      const amount = isPercent ? text.slice(0, -1) : text
      return plainNumber.test(amount) ? inRange(Number(amount) / (isPercent ? 100 : 1), 0, 0.999) : null
    },
  },
  time: {
    expected: 'a time such as 40ms, 5s, 15m or 8h',
    read: (text) => {
      const ms = parseDuration(text)
      return ms === null ? null : inRange(ms, 1)
    },
  },
  factor: {
    expected: 'a number, 1 or more',
    read: (text) => (plainNumber.test(text) ? inRange(Number(text), 1) : null),
  },
  instant: {
    expected: 'an instant such as 2026-03-02T09:00:00Z',
    read: (text) => {
      const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
      return Number.isNaN(at) ? null : at
    },
  },
}

type Written = { readonly key: string; readonly value: string; readonly where: string }

const meant = (word: string, known: readonly string[]): string => {
  const near = nearestWord(word, known)
  return near === null ? `there are ${known.join(', ')}` : `did you mean ${near}?`
}

/** One assumption, or what is wrong with it. */
const readOne = ({ key, value, where }: Written, services: readonly string[]): [string, number] | string => {
  const dot = key.indexOf('.')
  const [name, service] = dot < 0 ? [key, null] : [key.slice(0, dot), key.slice(dot + 1)]
  const kind = assumptionKeys.find((known) => known === name)
  if (kind === undefined) return `${where}: there is no assumption "${name}"; ${meant(name, assumptionKeys)}`
  if (service !== null && !assumptionKinds[kind].each)
    return `${where}: "${kind}" holds for the whole release, not for one service`
  if (service !== null && !services.includes(service))
    return `${where}: there is no service "${service}" in this release; ${meant(service, services)}`
  const { expected, read } = units[assumptionKinds[kind].unit]
  const number = read(value)
  return number === null ? `${where}: found "${value}" for ${key}, expected ${expected}` : [key, number]
}

const pairOf = (text: string): Written => {
  const at = text.indexOf('=')
  return { key: at < 0 ? text : text.slice(0, at), value: at < 0 ? '' : text.slice(at + 1), where: `--assume ${text}` }
}

/** A file of them: `rate: 50/s`, or `rate: { checkout: 20/s }`. */
const readFile = async (deps: Deps, file: string): Promise<readonly Written[]> => {
  const path = absolute(deps, file)
  const refuse = (because: string): never => {
    throw new TitrateError('USAGE', `The assumptions in ${path} can't be read: ${because}.`)
  }
  const text = await deps.io
    .readFile(path)
    .catch((error: unknown) => refuse(error instanceof Error ? error.message : String(error)))
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text, { schema: 'failsafe' })
  const [fault] = document.errors
  if (fault !== undefined) refuse(fault.message)
  const content: unknown = document.toJS()
  if (content === null || content === '') return []
  if (typeof content !== 'object' || Array.isArray(content)) return refuse('expected a mapping such as "rate: 50/s"')
  return Object.entries(content).flatMap(([key, value]): readonly Written[] => {
    if (typeof value === 'string') return [{ key, value, where: path }]
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(`"${key}" has no value`)
    return Object.entries(value).map(([service, own]) => ({
      key: `${key}.${service}`,
      value: String(own),
      where: path,
    }))
  })
}

/** What people set, in a file and on the command line, which wins. All that is wrong with them is said at once. */
export const readAssumptions = async (
  deps: Deps,
  given: { readonly pairs: readonly string[]; readonly file: string | undefined },
  services: readonly string[],
): Promise<SetAssumptions> => {
  const written = [...(given.file === undefined ? [] : await readFile(deps, given.file)), ...given.pairs.map(pairOf)]
  const read = written.map((one) => readOne(one, services))
  const faults = read.filter((one) => typeof one === 'string')
  if (faults.length > 0) throw new TitrateError('USAGE', faults.join('\n  '))
  return new Map(read.filter((one) => typeof one !== 'string'))
}
