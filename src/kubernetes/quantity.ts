import type { Json } from '../moves/goal.ts'

const written = /^([+-]?(?:\d+\.?\d*|\.\d+))(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d{1,3})?$/
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
const binary: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }

/**
 * A quantity of Kubernetes as a number: cores, or bytes. null: it is none. `100m` and `0.1` give the same number, for
 * the power of ten is put into the text before it is read.
 */
export const parseQuantity = (value: Json | undefined): number | null => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  const [, digits = '', suffix = ''] = (typeof value === 'string' && written.exec(value.trim())) || []
  if (digits === '') return null
  const two = binary[suffix]
  if (two !== undefined) return Number(digits) * 2 ** two
  const ten = decimal[suffix]
  if (ten !== undefined) return Number(`${digits}e${ten}`)
  return Number(`${digits}${suffix}`)
}

/** Whether both are quantities of the same amount. */
export const sameQuantity = (a: Json | undefined, b: Json | undefined): boolean => {
  const [one, two] = [parseQuantity(a), parseQuantity(b)]
  return one !== null && one === two
}

export const mebibyte = 2 ** 20
export const gibibyte = 2 ** 30
