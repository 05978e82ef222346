import { byText } from '../../inventory/ordering.ts'
import { showText } from '../../inventory/shown-text.ts'
import { isMap, type JsonMap, scalarText } from '../../kubernetes/json.ts'
import { sameQuantity } from '../../kubernetes/quantity.ts'
import type { Json } from '../../moves/goal.ts'
import { meansNothing } from './absent.ts'
import { entryKeyOf, isOrdered, stableText } from './list-keys.ts'

/** One step into an object: a field, or an entry of a list. */
export type TreeStep =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'entry'; readonly id: string; readonly idOf: (entry: Json, index: number) => string }

/** Where two objects differ; undefined: that side has nothing there. */
export type TreeDifference = {
  readonly steps: readonly TreeStep[]
  readonly expected: Json | undefined
  readonly actual: Json | undefined
}

type Place = { readonly steps: readonly TreeStep[]; readonly name: string; readonly parent: string }
type Context = { readonly sort: string; readonly custom: boolean }

/** All places at which an object is not what it should be. `sort`: the kind of both. */
export const compareTrees = (expected: JsonMap, actual: JsonMap, sort: string): readonly TreeDifference[] => {
  const context: Context = { sort, custom: sort.includes('.') && !sort.endsWith('.gateway.networking.k8s.io') }
  return compare(expected, actual, { steps: [], name: '', parent: '' }, context)
}

const compare = (
  a: Json | undefined,
  b: Json | undefined,
  place: Place,
  context: Context,
): readonly TreeDifference[] => {
  const nothing = (value: Json | undefined): boolean =>
    value === undefined || meansNothing(place.name, value, context.custom)
  if (a === undefined || b === undefined || a === null || b === null) {
    if (nothing(a) && nothing(b)) return []
    const there = a ?? b
    if (!opened.has(place.name) || !isMap(there)) return [differ(place, a, b)]
    return compareMaps(isMap(a) ? a : {}, isMap(b) ? b : {}, place, context)
  }
  if (isMap(a) && isMap(b)) return compareMaps(a, b, place, context)
  if (Array.isArray(a) && Array.isArray(b))
    return compareLists(a as readonly Json[], b as readonly Json[], place, context) // arrays of JSON hold JSON
  return sameScalar(a, b, place) ? [] : [differ(place, a, b)]
}

/** Maps that say nothing as such: where one side has none, what the other one has in it is told. */
const opened = new Set([
  'metadata',
  'annotations',
  'labels',
  'data',
  'securityContext',
  'resources',
  'requests',
  'limits',
])

const differ = ({ steps }: Place, expected: Json | undefined, actual: Json | undefined): TreeDifference => ({
  steps,
  expected: expected ?? undefined,
  actual: actual ?? undefined,
})

const own = (map: JsonMap, name: string): Json | undefined => (Object.hasOwn(map, name) ? map[name] : undefined)

const compareMaps = (
  a: JsonMap,
  b: JsonMap,
  { steps, name: parent }: Place,
  context: Context,
): readonly TreeDifference[] => {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(byText)
  return names.flatMap((name) =>
    compare(own(a, name), own(b, name), { steps: [...steps, { kind: 'field', name }], name, parent }, context),
  )
}

const compareLists = (
  a: readonly Json[],
  b: readonly Json[],
  place: Place,
  context: Context,
): readonly TreeDifference[] => {
  const words = [...a, ...b].every((one) => typeof one !== 'object' || one === null)
  if (words) return sameWords(a, b, place.name) ? [] : [differ(place, a, b)]
  const key = entryKeyOf(place.name, context.sort, a, b)
  const idOf = (entry: Json, index: number): string => (key !== null && isMap(entry) ? key(entry) : String(index))
  const [left, right] = [
    new Map(a.map((one, index) => [idOf(one, index), one])),
    new Map(b.map((one, index) => [idOf(one, index), one])),
  ]
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((id) => {
    const [one, other] = [left.get(id), right.get(id)]
    const steps: readonly TreeStep[] = [...place.steps, { kind: 'entry', id, idOf }]
    const inner: Place = { steps, name: '', parent: place.name }
    // An entry that is there says something, even one with nothing in it.
    return one === undefined || other === undefined ? [differ(inner, one, other)] : compare(one, other, inner, context)
  })
}

const sameWords = (a: readonly Json[], b: readonly Json[], name: string): boolean =>
  isOrdered(name) ? JSON.stringify(a) === JSON.stringify(b) : stableText(a) === stableText(b)

/** Maps and fields that hold quantities. */
const quantityMaps = new Set([
  'requests',
  'limits',
  'hard',
  'default',
  'defaultRequest',
  'min',
  'max',
  'maxLimitRequestRatio',
  'capacity',
  'overhead',
])
const quantityFields = new Set(['sizeLimit', 'averageValue', 'divisor', 'storage'])

const sameScalar = (a: Json, b: Json, { name, parent }: Place): boolean => {
  if (a === b) return true
  if (quantityMaps.has(parent) || quantityFields.has(name)) return sameQuantity(a, b)
  if (name === 'image') return typeof a === 'string' && typeof b === 'string' && sameImage(a, b)
  // Labels and annotations that somebody forgot to quote are refused by API servers, so this is the same text.
  return parent === 'annotations' || parent === 'labels' ? scalarText(a) === scalarText(b) : false
}

/** Images with digests are what these say, whatever their names and tags. */
const sameImage = (a: string, b: string): boolean => {
  const [one, two] = [a.split('@')[1], b.split('@')[1]]
  return one !== undefined && one === two
}

const plainName = /^[A-Za-z_][\w-]*$/

/** A place as people read it: `spec.template.spec.containers[app].image`. */
export const pathText = (steps: readonly TreeStep[]): string =>
  steps
    .map((step, index) => {
      if (step.kind === 'entry') {
        const { text } = showText(step.id)
        return `[${text.length > 60 ? `${text.slice(0, 57)}…` : text}]`
      }
      return plainName.test(step.name) ? `${index === 0 ? '' : '.'}${step.name}` : `["${step.name}"]`
    })
    .join('')

/** The object with one place set; undefined takes away what is there. */
export const setAt = (value: Json | undefined, steps: readonly TreeStep[], to: Json | undefined): Json | undefined => {
  const [step, ...rest] = steps
  if (step === undefined) return to
  if (step.kind === 'field') {
    const map = isMap(value) ? value : {}
    const inner = setAt(own(map, step.name), rest, to)
    if (inner !== undefined) return { ...map, [step.name]: inner }
    return Object.fromEntries(Object.entries(map).filter(([name]) => name !== step.name))
  }
  const list = Array.isArray(value) ? (value as readonly Json[]) : [] // an array of JSON holds JSON
  const at = list.findIndex((entry, index) => step.idOf(entry, index) === step.id)
  const inner = setAt(at === -1 ? undefined : list[at], rest, to)
  if (at === -1) return inner === undefined ? list : [...list, inner]
  return inner === undefined ? list.toSpliced(at, 1) : list.with(at, inner)
}

/** What stands at one place of an object. */
export const getAt = (value: Json | undefined, steps: readonly TreeStep[]): Json | undefined => {
  let now = value
  for (const step of steps) {
    if (step.kind === 'field') now = isMap(now) ? own(now, step.name) : undefined
    else {
      const list = Array.isArray(now) ? (now as readonly Json[]) : [] // an array of JSON holds JSON
      now = list.find((entry, index) => step.idOf(entry, index) === step.id)
    }
  }
  return now
}
