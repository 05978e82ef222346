import { type BackendId, idOf, isSame, refTo, type ServiceBackends } from './backend.ts'
import type { BackendRef, RouteRule } from './http-route.ts'

/** The most that the Gateway API takes as a weight. */
const mostWeight = 1_000_000

export type Refs = readonly BackendRef[]

export type Weighed =
  | { readonly kind: 'refs'; readonly refs: Refs }
  | { readonly kind: 'refused'; readonly because: string }

/** The backends of one service in the routes of one namespace. */
export type Within = { readonly backends: ServiceBackends; readonly namespace: string }

export const weightOf = (ref: BackendRef): number => ref.weight ?? 1
const sumOf = (refs: Refs): number => refs.reduce((sum, each) => sum + weightOf(each), 0)
const divisorOf = (a: number, b: number): number => (b === 0 ? a : divisorOf(b, a % b))

const isAt = (ref: BackendRef, ids: readonly BackendId[], namespace: string): boolean =>
  ids.some((each) => isSame(each, idOf(ref, namespace)))

export const partsOf = (refs: Refs, { backends, namespace }: Within): { readonly blue: Refs; readonly green: Refs } => {
  const blue = refs.filter((ref) => isAt(ref, backends.blue, namespace))
  const greens = backends.blue.map(backends.green)
  return { blue, green: refs.filter((ref) => !blue.includes(ref) && isAt(ref, greens, namespace)) }
}

/**
 * Green's percentage of what a rule gives to blue and green together; other backends don't count. null: the rule is
 * not the service's, or gives it nothing.
 */
export const shareOf = (rule: RouteRule, within: Within): number | null => {
  const { blue, green } = partsOf(rule.backendRefs ?? [], within)
  const sum = sumOf(blue) + sumOf(green)
  // A product of whole numbers, divided once, is exact wherever the result is a whole number.
  return sum === 0 ? null : (sumOf(green) * 100) / sum
}

/** The same backends with all of green's weight given to blue, in the relation that blue's have to each other. */
export const withoutGreen = (refs: Refs, within: Within): Refs => {
  const { blue, green } = partsOf(refs, within)
  const [ofBlue, ofGreen] = [sumOf(blue), sumOf(green)]
  if (ofGreen === 0 || blue.length === 0) return refs
  const sum = ofBlue + ofGreen
  const given = (ref: BackendRef): number => {
    if (green.includes(ref)) return 0
    if (ofBlue === 0) return blue.includes(ref) ? (ref === blue[0] ? sum : 0) : weightOf(ref)
    return weightOf(ref) * (blue.includes(ref) ? sum : ofBlue)
  }
  return reduced(refs.map((ref) => ({ ...ref, weight: given(ref) })))
}

const reduced = (refs: Refs): Refs => {
  const divisor = refs.map(weightOf).reduce(divisorOf, 0)
  return divisor <= 1 ? refs : refs.map((ref) => ({ ...ref, weight: weightOf(ref) / divisor }))
}

/**
 * The backends of a rule when green has `percent` (whole) of what `original` gives to the service: exactly, in whole
 * numbers. Blue's backends keep their relation to each other, and all others theirs to the sum of blue and green. 0 is
 * the original itself, where green has nothing in it.
 */
export const weighed = (original: Refs, percent: number, within: Within): Weighed => {
  const base = withoutGreen(original, within)
  const { blue, green } = partsOf(base, within)
  if (percent === 0 || sumOf(blue) === 0) return { kind: 'refs', refs: base }
  const scale = 100 / blue.map(weightOf).reduce(divisorOf, 100)
  const { backends, namespace } = within
  const toGreen = (ref: BackendRef): BackendRef => {
    const id = backends.green(backends.blue.find((each) => isSame(each, idOf(ref, namespace))) ?? idOf(ref, namespace))
    const there = green.find((each) => isSame(idOf(each, namespace), id))
    return { ...(there ?? refTo(id, ref, namespace)), weight: (weightOf(ref) * scale * percent) / 100 }
  }
  const exact = base
    .filter((ref) => !green.includes(ref))
    .flatMap((ref): Refs => {
      const weight = weightOf(ref) * scale
      if (!blue.includes(ref)) return [{ ...ref, weight }]
      return [{ ...ref, weight: (weight * (100 - percent)) / 100 }, toGreen(ref)]
    })
  const refs = exact.some((ref) => weightOf(ref) > mostWeight) ? reduced(exact) : exact
  const largest = Math.max(...refs.map(weightOf))
  if (largest <= mostWeight) return { kind: 'refs', refs }
  const because = `${percent} % can't be written in whole weights of at most ${mostWeight} (one would be ${largest}). Give the rule's backends smaller weights.`
  return { kind: 'refused', because }
}
