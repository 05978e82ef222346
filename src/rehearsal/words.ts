import { type AssumptionKey, type AssumptionSource, assumptionKinds } from './assumption.ts'
import type { RehearsedPhase } from './phases.ts'
import type { FaultPlayed } from './rehearsal.ts'

export const phaseWords: Readonly<Record<RehearsedPhase, string>> = {
  prepare: 'preparing',
  'non-exposed': 'moving what no user sees',
  parallel: 'parallel operation',
  people: 'waiting for people',
  weights: 'moving users, by weights',
  bake: 'watching it at 100 %',
}

export const sourceWords: Readonly<Record<AssumptionSource, string>> = {
  set: 'set by you',
  measured: 'measured',
  recorded: 'recorded in the journal',
  assumed: 'assumed',
}

/** A time of hours or days to the minute, because plays of one release differ by little: "31 h 20 min". */
export const toTheMinute = (ms: number): string => {
  const minutes = Math.round(ms / 60_000)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** How the plays of a fault ended, most of them first. */
export const noticedWords = ({ noticed, laterMs, runs }: FaultPlayed): string => {
  if (laterMs !== null && noticed['not noticed'] === runs) return 'done, later'
  const ended = Object.entries(noticed).filter(([, plays]) => plays > 0)
  const [first] = ended
  if (ended.length === 1 && first !== undefined) return first[0]
  return ended
    .toSorted(([, a], [, b]) => b - a)
    .map(([how, plays]) => `${how} ${plays}×`)
    .join(', ')
}

/** A value as it would be set. */
export const writeValue = (key: AssumptionKey, value: number): string => {
  const figures = (number: number): string => String(Number(number.toPrecision(3)))
  switch (assumptionKinds[key].unit) {
    case 'per second':
      return `${figures(value)}/s`
    case 'share':
      return `${figures(100 * value)}%`
    case 'time':
      return writeDuration(value)
    case 'factor':
      return figures(value)
    case 'instant':
      return new Date(value).toISOString().replace(/\.\d+Z$/, 'Z')
    default:
      return assumptionKinds[key] satisfies never
  }
}

const writeDuration = (ms: number): string => {
  const whole = Math.round(ms)
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
  ] as const)
    if (whole >= size && whole % size === 0) return `${whole / size}${unit}`
  return whole < 1_000 ? `${Number(ms.toPrecision(3))}ms` : `${Number((ms / 1_000).toPrecision(3))}s`
}
