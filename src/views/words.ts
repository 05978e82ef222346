import type { Millis } from '../moves/goal.ts'

/** An instant for people, always UTC, to the second: "2026-11-23 03:12:09 UTC". */
export const instant = (at: Millis): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`

/** A duration in the two largest of its units: "850 ms", "12 s", "4 min 10 s", "3 h 5 min", "2 d 4 h". */
export const duration = (ms: Millis): string => {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return ms < 10_000 ? `${Number((ms / 1_000).toFixed(1))} s` : `${seconds} s`
  const [big, bigName, small, smallName] =
    seconds < 3_600
      ? [Math.floor(seconds / 60), 'min', seconds % 60, 's']
      : seconds < 86_400
        ? [Math.floor(seconds / 3_600), 'h', Math.floor((seconds % 3_600) / 60), 'min']
        : [Math.floor(seconds / 86_400), 'd', Math.floor((seconds % 86_400) / 3_600), 'h']
  return small === 0 ? `${big} ${bigName}` : `${big} ${bigName} ${small} ${smallName}`
}

export const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`
