import type { ArmCounts } from './verdict.ts'

/** 1234567 as 1,234,567, without Intl. */
export const count = (n: number): string => {
  if (!Number.isInteger(n)) return n >= 1000 ? count(Math.round(n)) : n.toFixed(1)
  let rest = String(n)
  // Beyond 1e21 JavaScript writes an exponent; such a count is shown as it is.
  if (rest.length <= 3 || n >= 1e21) return rest
  let grouped = ''
  for (; rest.length > 3; rest = rest.slice(0, -3)) grouped = `,${rest.slice(-3)}${grouped}`
  return rest + grouped
}

/** A fraction as percent with two significant figures. */
export const percent = (fraction: number): string => {
  const value = fraction * 100
  return `${value >= 10 ? Math.round(value) : Number(value.toPrecision(2))} %`
}

/** Evidence with three significant figures; huge values are only said to be so. */
export const evidenceWords = (E: number): string =>
  E >= 1e6 ? 'over a million' : E >= 1000 ? count(Math.round(E)) : String(Number(E.toPrecision(3)))

export const seconds = (ms: number): string => `${Number((ms / 1000).toFixed(ms < 10_000 ? 1 : 0))} s`

export const failed = (name: string, { errors, requests }: ArmCounts): string =>
  requests === 0
    ? `${name} had no request`
    : `${name} failed ${count(errors)} of ${count(requests)} (${percent(errors / requests)})`
