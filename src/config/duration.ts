import { z } from 'zod'
import type { Millis } from '../moves/goal.ts'

const unitMs: Readonly<Record<string, Millis>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** What a person is told when a duration can't be read. */
export const durationExpected = 'a duration such as 500ms, 10s, 5m, 24h or 7d'

/** How a duration is written; 0 needs no unit. */
export const durationPattern = /^(0|(\d+(\.\d+)?(ms|s|m|h|d))+)$/

/** `500ms`, `10s`, `1.5m`, `24h`, `7d`, or several in a row (`1h30m`), in whole milliseconds; null: not a duration. */
export const parseDuration = (text: string): Millis | null => {
  if (text === '0') return 0
  if (!durationPattern.test(text)) return null
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (unitMs[unit ?? ''] ?? Number.NaN)
  }
  return Number.isSafeInteger(Math.round(total)) ? Math.round(total) : null
}

/** A duration as people write it, read as milliseconds. */
export const durationSchema = z.string({ error: durationExpected }).transform((text, context) => {
  const millis = parseDuration(text)
  if (millis !== null) return millis
  context.issues.push({ code: 'custom', message: durationExpected, input: text })
  return z.NEVER
})
